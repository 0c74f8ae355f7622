//! Containers of packets: classic pcap and pcapng, read and written without losing a byte.

use super::{CaptureError, INTERFACES_MAX, PACKET_BYTES_MAX, PACKETS_MAX};

/// What a packet begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Ethernet,
    /// Linux cooked, versions 1 and 2.
    Cooked1,
    Cooked2,
    /// Four bytes of family.
    Loopback,
    /// An IP header.
    Raw,
    Unknown,
}

impl Link {
    fn of(number: u32) -> Link {
        match number {
            0 | 108 => Link::Loopback,
            1 => Link::Ethernet,
            12 | 14 | 101 | 228 | 229 => Link::Raw,
            113 => Link::Cooked1,
            276 => Link::Cooked2,
            _ => Link::Unknown,
        }
    }
}

/// One packet, and how its record is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) link: Link,
    pub(super) data: Vec<u8>,
    /// Bytes that the network carried; more than `data` when the capture cut it.
    pub(super) original: u32,
    /// What stands before the lengths, and after the data.
    record: Record,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Record {
    /// Seconds and fraction.
    Classic([u8; 8]),
    /// Interface and time; options.
    Enhanced([u8; 12], Vec<u8>),
    Simple,
}

/// A piece of the file, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// As it is.
    Raw(Vec<u8>),
    /// Begins a section of pcapng: byte order, fixed fields, options.
    Section {
        big: bool,
        fixed: [u8; 4],
        options: Vec<Choice>,
    },
    /// Index of the packet.
    Packet(usize),
}

/// An option of a section: its code and value.
type Choice = (u16, Vec<u8>);

/// The code of a comment.
const COMMENT: u16 = 1;

const SECTION: u32 = 0x0A0D_0D0A;

/// A capture in pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) packets: Vec<Packet>,
    pieces: Vec<Piece>,
    is_next_generation: bool,
    /// Of a classic file.
    big: bool,
}

/// Whether the bytes begin as a capture does.
pub(crate) fn is_capture(bytes: &[u8]) -> bool {
    classic(bytes).is_some() || bytes.starts_with(&SECTION.to_be_bytes())
}

/// Whether a classic file is big-endian; `None` if it is none.
fn classic(bytes: &[u8]) -> Option<bool> {
    match bytes.get(..4)? {
        [0xa1, 0xb2, 0xc3, 0xd4] | [0xa1, 0xb2, 0x3c, 0x4d] => Some(true),
        [0xd4, 0xc3, 0xb2, 0xa1] | [0x4d, 0x3c, 0xb2, 0xa1] => Some(false),
        _ => None,
    }
}

fn u16_at(bytes: &[u8], at: usize, big: bool) -> Option<u16> {
    let own = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(if big {
        u16::from_be_bytes(own)
    } else {
        u16::from_le_bytes(own)
    })
}

fn u32_at(bytes: &[u8], at: usize, big: bool) -> Option<u32> {
    let own = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(if big {
        u32::from_be_bytes(own)
    } else {
        u32::from_le_bytes(own)
    })
}

fn push16(out: &mut Vec<u8>, value: u16, big: bool) {
    out.extend(if big {
        value.to_be_bytes()
    } else {
        value.to_le_bytes()
    });
}

fn push32(out: &mut Vec<u8>, value: u32, big: bool) {
    out.extend(if big {
        value.to_be_bytes()
    } else {
        value.to_le_bytes()
    });
}

fn padded(length: usize) -> usize {
    length.div_ceil(4) * 4
}

impl File {
    /// Reads a capture; a last record that is cut off is kept as it is.
    pub(super) fn read(bytes: &[u8]) -> Result<File, CaptureError> {
        match classic(bytes) {
            Some(big) => read_classic(bytes, big),
            None if is_capture(bytes) => read_blocks(bytes),
            None => Err(CaptureError::NotACapture),
        }
    }

    /// The lines of all section comments; `None` for a classic capture.
    pub(super) fn comment(&self) -> Option<String> {
        let comments: Vec<String> = self
            .pieces
            .iter()
            .filter_map(|p| match p {
                Piece::Section { options, .. } => Some(options),
                _ => None,
            })
            .flatten()
            .filter(|o| o.0 == COMMENT)
            .map(|o| String::from_utf8_lossy(&o.1).into_owned())
            .collect();
        self.is_next_generation.then(|| comments.join("\n"))
    }

    /// Takes the lines out of the section comments for which `is_removed` holds.
    pub(super) fn remove_lines(&mut self, is_removed: fn(&str) -> bool) {
        for piece in &mut self.pieces {
            let Piece::Section { options, .. } = piece else {
                continue;
            };
            options.retain_mut(|(code, value)| {
                if *code != COMMENT {
                    return true;
                }
                let text = String::from_utf8_lossy(value).into_owned();
                if !text.lines().any(is_removed) {
                    return true;
                }
                let kept: Vec<&str> = text.lines().filter(|l| !is_removed(l)).collect();
                *value = kept.join("\n").into_bytes();
                !value.is_empty()
            });
        }
    }

    /// Adds a comment to the first section; a classic file becomes pcapng.
    pub(super) fn add_comment(&mut self, comment: &str) -> Result<(), CaptureError> {
        let own = (COMMENT, comment.as_bytes().to_vec());
        for piece in &mut self.pieces {
            if let Piece::Section { options, .. } = piece {
                options.push(own);
                return Ok(());
            }
        }
        let Some(Piece::Raw(head)) = self.pieces.first() else {
            return Err(CaptureError::NotACapture);
        };
        let nanoseconds = matches!(head.first(), Some(0x4d)) || matches!(head.get(2), Some(0x3c));
        let link = u32_at(head, 20, self.big).unwrap_or(1) & 0xffff;
        let snap = u32_at(head, 16, self.big).unwrap_or(0);
        let mut pieces = vec![
            Piece::Section {
                big: false,
                fixed: [1, 0, 0, 0],
                options: vec![own],
            },
            Piece::Raw(interface(link, snap, nanoseconds)),
        ];
        let per_second: u64 = if nanoseconds {
            1_000_000_000
        } else {
            1_000_000
        };
        for packet in &mut self.packets {
            let Record::Classic(time) = &packet.record else {
                continue;
            };
            let part = |at: usize| u64::from(u32_at(time, at, self.big).unwrap_or(0));
            let ticks = part(0) * per_second + part(4);
            let mut fixed = [0; 12];
            fixed[4..8].copy_from_slice(&((ticks >> 32) as u32).to_le_bytes());
            fixed[8..12].copy_from_slice(&(ticks as u32).to_le_bytes());
            packet.record = Record::Enhanced(fixed, Vec::new());
        }
        pieces.extend((0..self.packets.len()).map(Piece::Packet));
        self.pieces = pieces;
        self.is_next_generation = true;
        Ok(())
    }

    /// The bytes of the file; unchanged where nothing was changed.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut big = self.big;
        for piece in &self.pieces {
            match piece {
                Piece::Raw(bytes) => out.extend(bytes),
                Piece::Section {
                    big: own,
                    fixed,
                    options,
                } => {
                    big = *own;
                    section(*own, fixed, options, &mut out);
                }
                Piece::Packet(index) => {
                    if let Some(packet) = self.packets.get(*index) {
                        packet.write(big, &mut out);
                    }
                }
            }
        }
        out
    }
}

impl Packet {
    fn write(&self, big: bool, out: &mut Vec<u8>) {
        let length = self.data.len() as u32;
        match &self.record {
            Record::Classic(time) => {
                out.extend(time);
                push32(out, length, big);
                push32(out, self.original, big);
                out.extend(&self.data);
            }
            Record::Enhanced(fixed, options) => {
                let body = 20 + padded(self.data.len()) + options.len();
                let mut own = fixed.to_vec();
                push32(&mut own, length, big);
                push32(&mut own, self.original, big);
                own.extend(&self.data);
                own.resize(20 + padded(self.data.len()), 0);
                own.extend(options);
                block(6, body, &own, big, out);
            }
            Record::Simple => {
                let mut own = Vec::new();
                push32(&mut own, self.original, big);
                own.extend(&self.data);
                own.resize(4 + padded(self.data.len()), 0);
                block(3, own.len(), &own, big, out);
            }
        }
    }
}

fn block(kind: u32, length: usize, body: &[u8], big: bool, out: &mut Vec<u8>) {
    push32(out, kind, big);
    push32(out, (length + 12) as u32, big);
    out.extend(body);
    push32(out, (length + 12) as u32, big);
}

fn section(big: bool, fixed: &[u8; 4], options: &[Choice], out: &mut Vec<u8>) {
    let mut body = Vec::new();
    push32(&mut body, 0x1A2B_3C4D, big);
    body.extend(fixed);
    // The section's length is left open: it is another in each copy.
    body.extend([0xff; 8]);
    for (code, value) in options {
        push16(&mut body, *code, big);
        push16(&mut body, value.len() as u16, big);
        body.extend(value);
        body.resize(padded(body.len()), 0);
    }
    if !options.is_empty() {
        body.extend([0; 4]);
    }
    block(SECTION, body.len(), &body, big, out);
}

/// An interface of a section, little-endian.
fn interface(link: u32, snap: u32, nanoseconds: bool) -> Vec<u8> {
    let mut body = Vec::new();
    push16(&mut body, link as u16, false);
    push16(&mut body, 0, false);
    push32(&mut body, snap, false);
    if nanoseconds {
        // if_tsresol: 10^-9.
        push16(&mut body, 9, false);
        push16(&mut body, 1, false);
        body.extend([9, 0, 0, 0, 0, 0, 0, 0]);
    }
    let mut out = Vec::new();
    block(1, body.len(), &body, false, &mut out);
    out
}

fn damaged(offset: usize, what: &'static str) -> CaptureError {
    CaptureError::Damaged { offset, what }
}

fn read_classic(bytes: &[u8], big: bool) -> Result<File, CaptureError> {
    let head = bytes
        .get(..24)
        .ok_or(damaged(0, "the header ends too early"))?;
    // The upper half tells of a frame check sequence.
    let link = Link::of(u32_at(head, 20, big).unwrap_or(0) & 0xffff);
    let mut file = File {
        packets: Vec::new(),
        pieces: vec![Piece::Raw(head.to_vec())],
        is_next_generation: false,
        big,
    };
    let mut at = 24;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let lengths = (u32_at(rest, 8, big), u32_at(rest, 12, big));
        let (Some(length), Some(original)) = lengths else {
            file.pieces.push(Piece::Raw(rest.to_vec()));
            break;
        };
        let length = length as usize;
        if length > PACKET_BYTES_MAX {
            return Err(damaged(at, "a packet longer than any network takes"));
        }
        let Some(data) = rest.get(16..16 + length) else {
            file.pieces.push(Piece::Raw(rest.to_vec()));
            break;
        };
        let mut time = [0; 8];
        time.copy_from_slice(&rest[..8]);
        let data = data.to_vec();
        push(
            &mut file,
            Packet {
                link,
                data,
                original,
                record: Record::Classic(time),
            },
        )?;
        at += 16 + length;
    }
    Ok(file)
}

fn push(file: &mut File, packet: Packet) -> Result<(), CaptureError> {
    if file.packets.len() >= PACKETS_MAX {
        return Err(CaptureError::TooManyPackets { max: PACKETS_MAX });
    }
    file.pieces.push(Piece::Packet(file.packets.len()));
    file.packets.push(packet);
    Ok(())
}

fn read_blocks(bytes: &[u8]) -> Result<File, CaptureError> {
    let mut file = File {
        packets: Vec::new(),
        pieces: Vec::new(),
        is_next_generation: true,
        big: false,
    };
    let mut big = false;
    let mut interfaces: Vec<(Link, u32)> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let is_section = rest.starts_with(&SECTION.to_be_bytes());
        if is_section {
            big = match rest.get(8..12) {
                Some([0x1a, 0x2b, 0x3c, 0x4d]) => true,
                Some([0x4d, 0x3c, 0x2b, 0x1a]) => false,
                Some(_) => return Err(damaged(at, "a section of unknown byte order")),
                None => return Err(damaged(at, "the section ends too early")),
            };
            interfaces.clear();
        }
        let Some(length) = u32_at(rest, 4, big).map(|l| l as usize) else {
            file.pieces.push(Piece::Raw(rest.to_vec()));
            break;
        };
        if length < 12 || length % 4 != 0 {
            return Err(damaged(at, "a block of impossible length"));
        }
        let Some(own) = rest.get(..length) else {
            // Cut off in the middle of writing.
            if at == 0 {
                return Err(damaged(at, "the section ends too early"));
            }
            file.pieces.push(Piece::Raw(rest.to_vec()));
            break;
        };
        if u32_at(own, length - 4, big) != Some(length as u32) {
            return Err(damaged(at, "a block whose two lengths differ"));
        }
        let body = &own[8..length - 4];
        match u32_at(own, 0, big) {
            _ if is_section => {
                let fixed = body.get(4..8).and_then(|f| f.try_into().ok());
                let fixed = fixed.ok_or(damaged(at, "the section ends too early"))?;
                let options = options(body.get(16..).unwrap_or_default(), big);
                let options = options.ok_or(damaged(at, "an option longer than its block"))?;
                file.pieces.push(Piece::Section {
                    big,
                    fixed,
                    options,
                });
            }
            Some(1) => {
                if interfaces.len() >= INTERFACES_MAX {
                    return Err(CaptureError::TooManyInterfaces {
                        max: INTERFACES_MAX,
                    });
                }
                let link = u16_at(body, 0, big).map_or(Link::Unknown, |l| Link::of(u32::from(l)));
                interfaces.push((link, u32_at(body, 4, big).unwrap_or(0)));
                file.pieces.push(Piece::Raw(own.to_vec()));
            }
            Some(6) => {
                let packet = enhanced(body, big, &interfaces);
                let packet = packet.ok_or(damaged(at, "a packet longer than its block"))?;
                push(&mut file, packet)?;
            }
            Some(3) => {
                let packet = simple(body, big, &interfaces);
                let packet = packet.ok_or(damaged(at, "a packet longer than its block"))?;
                push(&mut file, packet)?;
            }
            _ => file.pieces.push(Piece::Raw(own.to_vec())),
        }
        at += length;
    }
    Ok(file)
}

fn enhanced(body: &[u8], big: bool, interfaces: &[(Link, u32)]) -> Option<Packet> {
    let interface = u32_at(body, 0, big)? as usize;
    let length = u32_at(body, 12, big)? as usize;
    if length > PACKET_BYTES_MAX {
        return None;
    }
    Some(Packet {
        link: interfaces.get(interface).map_or(Link::Unknown, |i| i.0),
        data: body.get(20..20 + length)?.to_vec(),
        original: u32_at(body, 16, big)?,
        record: Record::Enhanced(
            body.get(..12)?.try_into().ok()?,
            body.get(20 + padded(length)..).unwrap_or_default().to_vec(),
        ),
    })
}

fn simple(body: &[u8], big: bool, interfaces: &[(Link, u32)]) -> Option<Packet> {
    let (link, snap) = interfaces.first().copied().unwrap_or((Link::Unknown, 0));
    let original = u32_at(body, 0, big)?;
    let length = if snap == 0 {
        original
    } else {
        original.min(snap)
    } as usize;
    if length > PACKET_BYTES_MAX {
        return None;
    }
    Some(Packet {
        link,
        data: body.get(4..4 + length)?.to_vec(),
        original,
        record: Record::Simple,
    })
}

fn options(bytes: &[u8], big: bool) -> Option<Vec<Choice>> {
    let mut out = Vec::new();
    let mut at = 0;
    while at + 4 <= bytes.len() {
        let (code, length) = (
            u16_at(bytes, at, big)?,
            usize::from(u16_at(bytes, at + 2, big)?),
        );
        if code == 0 {
            break;
        }
        out.push((code, bytes.get(at + 4..at + 4 + length)?.to_vec()));
        at += 4 + padded(length);
    }
    Some(out)
}
