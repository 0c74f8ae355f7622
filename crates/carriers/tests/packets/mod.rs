//! Captures made for tests, and what a stack that is not ours finds in them.

use etherparse::{PacketBuilder, SlicedPacket, TcpOptionElement, TransportSlice};

/// How packets are framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    Ethernet,
    Tagged,
    Raw,
    Cooked,
}

/// How the capture is written.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub framing: Framing,
    pub version_6: bool,
    /// Longest segment.
    pub segment: usize,
    /// Each third segment is sent again.
    pub again: bool,
}

pub const CLIENT: [u8; 6] = [0x3c, 0x52, 0x82, 0x11, 0x22, 0x33];
pub const SERVER: [u8; 6] = [0x00, 0x1b, 0x21, 0x0a, 0x0b, 0x0c];
const CLIENT_4: [u8; 4] = [192, 0, 2, 10];
const SERVER_4: [u8; 4] = [198, 51, 100, 7];
const CLIENT_6: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const SERVER_6: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];

/// A conversation under construction.
pub struct Talk {
    shape: Shape,
    pub packets: Vec<Vec<u8>>,
    port: u16,
    next: [u32; 2],
    clock: u32,
    id: u16,
}

impl Talk {
    pub fn open(shape: Shape, port: u16, isn: u32) -> Talk {
        let mut talk = Talk {
            shape,
            packets: Vec::new(),
            port,
            next: [isn, 0xffff_fff0],
            clock: 5000,
            id: 77,
        };
        talk.segment(0, "S", b"");
        talk.segment(1, "SA", b"");
        talk.segment(0, "A", b"");
        talk
    }

    /// One side says something, in segments; the other acknowledges.
    pub fn say(&mut self, side: usize, bytes: &[u8]) {
        for (index, piece) in bytes.chunks(self.shape.segment).enumerate() {
            self.segment(side, "PA", piece);
            if self.shape.again && index % 3 == 0 {
                let last = self.packets.last().unwrap().clone();
                self.packets.push(last);
            }
        }
        self.segment(1 - side, "A", b"");
    }

    pub fn close(mut self) -> Vec<Vec<u8>> {
        self.segment(0, "FA", b"");
        self.segment(1, "FA", b"");
        self.segment(0, "A", b"");
        self.packets
    }

    fn segment(&mut self, side: usize, flags: &str, payload: &[u8]) {
        let ports = [self.port, 80];
        let step = {
            let (from, to) = (side, 1 - side);
            let four = [CLIENT_4, SERVER_4];
            let six = [CLIENT_6, SERVER_6];
            if self.shape.version_6 {
                PacketBuilder::ipv6(six[from], six[to], 64)
            } else {
                self.id += 1;
                let mut head = etherparse::Ipv4Header::new(
                    0,
                    64,
                    etherparse::IpNumber::TCP,
                    four[from],
                    four[to],
                )
                .unwrap();
                head.identification = if side == 0 { self.id } else { 0 };
                PacketBuilder::ip(etherparse::IpHeaders::Ipv4(head, Default::default()))
            }
        };
        self.clock += 3;
        let echo = if flags == "S" { 0 } else { self.clock - 1 };
        let mut tcp = step.tcp(ports[side], ports[1 - side], self.next[side], 64_240);
        if flags.contains('S') {
            tcp = tcp.syn();
        }
        if flags.contains('F') {
            tcp = tcp.fin();
        }
        if flags.contains('A') {
            tcp = tcp.ack(self.next[1 - side]);
        }
        let tcp = tcp
            .options(&[
                TcpOptionElement::Noop,
                TcpOptionElement::Noop,
                TcpOptionElement::Timestamp(self.clock, echo),
            ])
            .unwrap();
        let mut ip = Vec::new();
        tcp.write(&mut ip, payload).unwrap();
        let more = payload.len() as u32 + u32::from(flags.contains(['S', 'F']));
        self.next[side] = self.next[side].wrapping_add(more);
        self.packets.push(framed(self.shape, side, ip));
    }
}

fn framed(shape: Shape, side: usize, ip: Vec<u8>) -> Vec<u8> {
    let kind: [u8; 2] = if shape.version_6 {
        [0x86, 0xdd]
    } else {
        [8, 0]
    };
    let (from, to) = if side == 0 {
        (CLIENT, SERVER)
    } else {
        (SERVER, CLIENT)
    };
    let mut out = Vec::new();
    match shape.framing {
        Framing::Raw => {}
        Framing::Cooked => {
            out.extend([0, 4, 0, 1, 0, 6]);
            out.extend(from);
            out.extend([0, 0]);
            out.extend(kind);
        }
        Framing::Ethernet | Framing::Tagged => {
            out.extend(to);
            out.extend(from);
            if shape.framing == Framing::Tagged {
                out.extend([0x81, 0, 0, 42]);
            }
            out.extend(kind);
        }
    }
    out.extend(ip);
    // Short frames are filled up.
    if matches!(shape.framing, Framing::Ethernet | Framing::Tagged) {
        out.resize(out.len().max(60), 0);
    }
    out
}

/// A datagram of UDP.
pub fn datagram(shape: Shape, port: u16, payload: &[u8]) -> Vec<u8> {
    let mut ip = Vec::new();
    PacketBuilder::ipv4(CLIENT_4, SERVER_4, 64)
        .udp(port, 8125)
        .write(&mut ip, payload)
        .unwrap();
    framed(shape, 0, ip)
}

/// A classic capture, big-endian or little-endian.
pub fn classic(framing: Framing, packets: &[Vec<u8>], big: bool) -> Vec<u8> {
    let link: u32 = match framing {
        Framing::Ethernet | Framing::Tagged => 1,
        Framing::Raw => 101,
        Framing::Cooked => 113,
    };
    let four = |value: u32| {
        if big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let mut out = four(0xa1b2_c3d4).to_vec();
    out.extend(if big { [0, 2, 0, 4] } else { [2, 0, 4, 0] });
    for value in [0, 0, 262_144, link] {
        out.extend(four(value));
    }
    for (index, packet) in packets.iter().enumerate() {
        for value in [
            1_772_000_000,
            index as u32 * 100,
            packet.len() as u32,
            packet.len() as u32,
        ] {
            out.extend(four(value));
        }
        out.extend(packet);
    }
    out
}

/// The packets of a pcapng file of one little-endian section.
pub fn packets_of(file: &[u8]) -> Vec<Vec<u8>> {
    let four = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let mut out = Vec::new();
    let mut at = 0;
    while at < file.len() {
        let length = four(at + 4);
        assert_eq!(
            four(at + length - 4),
            length,
            "the lengths of a block agree"
        );
        if four(at) == 6 {
            let captured = four(at + 20);
            assert_eq!(captured, four(at + 24));
            out.push(file[at + 28..at + 28 + captured].to_vec());
        }
        at += length;
    }
    out
}

/// What one TCP packet says.
pub struct Seen {
    pub from_client: bool,
    pub sequence: u32,
    pub acknowledged: Option<u32>,
    pub flags: (bool, bool),
    pub payload: Vec<u8>,
}

/// Reads a packet with etherparse, and checks its lengths and checksums.
pub fn checked(framing: Framing, packet: &[u8]) -> Seen {
    let sliced = match framing {
        Framing::Ethernet | Framing::Tagged => SlicedPacket::from_ethernet(packet),
        Framing::Raw => SlicedPacket::from_ip(packet),
        Framing::Cooked => SlicedPacket::from_linux_sll(packet),
    }
    .unwrap();
    let Some(TransportSlice::Tcp(tcp)) = &sliced.transport else {
        panic!("no TCP: {sliced:?}");
    };
    let from_client = match &sliced.net {
        Some(etherparse::NetSlice::Ipv4(ip)) => {
            let head = ip.header();
            assert_eq!(
                head.to_header().calc_header_checksum(),
                head.header_checksum()
            );
            let (from, to) = (head.source(), head.destination());
            assert_eq!(tcp.calc_checksum_ipv4(from, to).unwrap(), tcp.checksum());
            from == CLIENT_4
        }
        Some(etherparse::NetSlice::Ipv6(ip)) => {
            let (from, to) = (ip.header().source(), ip.header().destination());
            assert_eq!(tcp.calc_checksum_ipv6(from, to).unwrap(), tcp.checksum());
            from == CLIENT_6
        }
        other => panic!("no IP: {other:?}"),
    };
    Seen {
        from_client,
        sequence: tcp.sequence_number(),
        acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
        flags: (tcp.syn(), tcp.fin()),
        payload: tcp.payload().to_vec(),
    }
}

/// Follows one conversation: every number fits to what was said before; answers with what each side said.
pub fn followed(framing: Framing, packets: &[Vec<u8>]) -> [Vec<u8>; 2] {
    let mut said = [Vec::new(), Vec::new()];
    let mut next: [Option<u32>; 2] = [None, None];
    for packet in packets {
        let seen = checked(framing, packet);
        let side = usize::from(!seen.from_client);
        let length = seen.payload.len() as u32 + u32::from(seen.flags.0) + u32::from(seen.flags.1);
        let expected = *next[side].get_or_insert(seen.sequence);
        if seen.sequence == expected {
            said[side].extend(&seen.payload);
            next[side] = Some(expected.wrapping_add(length));
        } else {
            // Sent again: the same bytes at the same place.
            let back = expected.wrapping_sub(seen.sequence) as usize;
            assert_eq!(back, seen.payload.len(), "a gap");
            let known = &said[side][said[side].len() - back..];
            assert_eq!(known, seen.payload);
        }
        if let Some(acknowledged) = seen.acknowledged {
            let all = next[1 - side].expect("nothing to acknowledge");
            assert!(
                all.wrapping_sub(acknowledged) < 1 << 16,
                "acknowledged more than was said"
            );
            if seen.payload.is_empty() {
                assert_eq!(acknowledged, all);
            }
        }
    }
    said
}
