//! One packet from its link header to its payload: where each part begins.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::file::{Link, Packet};
use super::sum::{self, Sum};

/// Most VLAN tags, and most extension headers of IPv6.
const TAGS_MAX: usize = 4;
const EXTENSIONS_MAX: usize = 8;

pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
pub(super) const SYN: u8 = 2;
pub(super) const ACK: u8 = 16;

/// Where the IP header stands, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Network {
    pub(super) start: usize,
    /// Of the IP header with its extensions.
    pub(super) header_end: usize,
    /// As the header says; beyond the data when the capture cut the packet.
    pub(super) end: usize,
    pub(super) source: IpAddr,
    pub(super) target: IpAddr,
    pub(super) is_fragment: bool,
    /// Of the header, in IPv4.
    pub(super) sum: Sum,
}

/// Where the TCP or UDP header stands, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Transport {
    pub(super) protocol: u8,
    pub(super) start: usize,
    /// Within the data.
    pub(super) payload: Range<usize>,
    pub(super) source_port: u16,
    pub(super) target_port: u16,
    pub(super) sequence: u32,
    pub(super) acknowledged: u32,
    pub(super) flags: u8,
    /// Offset of TSval; TSecr follows.
    pub(super) timestamps: Option<usize>,
    /// Offsets of the edges of selective acknowledgements.
    pub(super) edges: Vec<usize>,
    pub(super) sum: Sum,
    /// The capture has not the whole packet.
    pub(super) is_cut: bool,
}

/// What is known of a packet; what is malformed is not looked at further.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    /// Offsets of hardware addresses: source and target first.
    pub(super) hardware: Vec<usize>,
    pub(super) network: Option<Network>,
    pub(super) transport: Option<Transport>,
}

pub(super) fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(
        data.get(at..at.checked_add(2)?)?.try_into().ok()?,
    ))
}

pub(super) fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(
        data.get(at..at.checked_add(4)?)?.try_into().ok()?,
    ))
}

impl Frame {
    pub(super) fn of(packet: &Packet) -> Frame {
        let mut frame = Frame::default();
        let data = packet.data.as_slice();
        let Some((at, kind)) = link(packet, &mut frame.hardware) else {
            return frame;
        };
        frame.network = match (kind, data.get(at).map(|b| b >> 4)) {
            (Some(0x0800) | None, Some(4)) => version_4(data, at),
            (Some(0x86dd) | None, Some(6)) => version_6(data, at),
            (Some(0x0806), _) => {
                arp(data, at, &mut frame.hardware);
                None
            }
            _ => None,
        }
        .map(|(network, protocol)| {
            if !network.is_fragment {
                frame.transport = transport(data, &network, protocol);
            }
            network
        });
        frame
    }
}

/// Where the network header begins, and its EtherType; `None` for the type when the link has none.
fn link(packet: &Packet, hardware: &mut Vec<usize>) -> Option<(usize, Option<u16>)> {
    let data = packet.data.as_slice();
    match packet.link {
        Link::Raw => Some((0, None)),
        Link::Loopback => Some((4, None)),
        Link::Cooked1 => {
            if u16_at(data, 4) == Some(6) {
                hardware.push(6);
            }
            Some((16, Some(u16_at(data, 14)?)))
        }
        Link::Cooked2 => {
            if data.get(11) == Some(&6) {
                hardware.push(12);
            }
            Some((20, Some(u16_at(data, 0)?)))
        }
        Link::Ethernet => {
            let mut at = 12;
            let mut kind = u16_at(data, at)?;
            hardware.extend([6, 0]);
            for _ in 0..TAGS_MAX {
                if !matches!(kind, 0x8100 | 0x88a8 | 0x9100) {
                    break;
                }
                at += 4;
                kind = u16_at(data, at)?;
            }
            Some((at + 2, Some(kind)))
        }
        Link::Unknown => None,
    }
}

/// Hardware addresses within ARP for Ethernet and IPv4.
fn arp(data: &[u8], at: usize, hardware: &mut Vec<usize>) {
    if data.get(at..at + 6) == Some(&[0, 1, 8, 0, 6, 4]) && data.len() >= at + 28 {
        hardware.extend([at + 8, at + 18]);
    }
}

fn version_4(data: &[u8], start: usize) -> Option<(Network, u8)> {
    let header = usize::from(data.get(start)? & 15) * 4;
    let head = data.get(start..start + header)?;
    let total = usize::from(u16_at(head, 2)?);
    if header < 20 || total < header {
        return None;
    }
    let address = |at: usize| {
        let four: [u8; 4] = head.get(at..at + 4)?.try_into().ok()?;
        Some(IpAddr::V4(Ipv4Addr::from(four)))
    };
    let fragment = u16_at(head, 6)?;
    let sum = if sum::finish(sum::add(0, head)) == 0 {
        Sum::Right
    } else {
        Sum::Wrong
    };
    let network = Network {
        start,
        header_end: start + header,
        end: start + total,
        source: address(12)?,
        target: address(16)?,
        is_fragment: fragment & 0x3fff != 0,
        sum,
    };
    Some((network, *head.get(9)?))
}

fn version_6(data: &[u8], start: usize) -> Option<(Network, u8)> {
    let head = data.get(start..start + 40)?;
    let length = usize::from(u16_at(head, 4)?);
    // 0 is a jumbogram, or a packet that the card cuts later.
    if length == 0 {
        return None;
    }
    let address = |at: usize| {
        let all: [u8; 16] = head.get(at..at + 16)?.try_into().ok()?;
        Some(IpAddr::V6(Ipv6Addr::from(all)))
    };
    let mut protocol = *head.get(6)?;
    let mut at = start + 40;
    let mut is_fragment = false;
    for _ in 0..EXTENSIONS_MAX {
        match protocol {
            0 | 43 | 60 => {
                protocol = *data.get(at)?;
                at += usize::from(*data.get(at + 1)?) * 8 + 8;
            }
            44 => {
                is_fragment = true;
                break;
            }
            _ => break,
        }
    }
    let end = start + 40 + length;
    let network = Network {
        start,
        header_end: at,
        end,
        source: address(8)?,
        target: address(24)?,
        is_fragment,
        sum: Sum::Absent,
    };
    (at <= end).then_some((network, protocol))
}

fn transport(data: &[u8], network: &Network, protocol: u8) -> Option<Transport> {
    let start = network.header_end;
    let is_cut = network.end > data.len();
    let end = network.end.min(data.len());
    let mut found = Transport {
        protocol,
        start,
        payload: 0..0,
        source_port: u16_at(data, start)?,
        target_port: u16_at(data, start + 2)?,
        sequence: 0,
        acknowledged: 0,
        flags: 0,
        timestamps: None,
        edges: Vec::new(),
        sum: Sum::Unknown,
        is_cut,
    };
    let checksum_at = match protocol {
        TCP => {
            let header = usize::from(data.get(start + 12)? >> 4) * 4;
            let payload = start + header;
            if header < 20 || payload > end {
                return None;
            }
            found.sequence = u32_at(data, start + 4)?;
            found.acknowledged = u32_at(data, start + 8)?;
            found.flags = *data.get(start + 13)?;
            found.payload = payload..end;
            tcp_options(data, start + 20..payload, &mut found);
            start + 16
        }
        UDP => {
            let length = usize::from(u16_at(data, start + 4)?);
            let stop = start + length;
            if length < 8 || stop > network.end || start + 8 > end {
                return None;
            }
            found.payload = start + 8..stop.min(end);
            start + 6
        }
        _ => return None,
    };
    if !is_cut {
        let stop = if protocol == UDP {
            found.payload.end
        } else {
            end
        };
        let sum = pseudo(network, protocol, stop - start);
        let shown = u16_at(data, checksum_at)?;
        found.sum = if protocol == UDP && shown == 0 {
            Sum::Absent
        } else if sum::finish(sum::add(sum, data.get(start..stop)?)) == 0 {
            Sum::Right
        } else {
            Sum::Wrong
        };
    } else if protocol == UDP && u16_at(data, checksum_at)? == 0 {
        found.sum = Sum::Absent;
    }
    Some(found)
}

/// The sum of the addresses, the protocol and the length.
pub(super) fn pseudo(network: &Network, protocol: u8, length: usize) -> u32 {
    let mut bytes = Vec::with_capacity(40);
    for address in [network.source, network.target] {
        match address {
            IpAddr::V4(address) => bytes.extend(address.octets()),
            IpAddr::V6(address) => bytes.extend(address.octets()),
        }
    }
    bytes.extend((length as u32).to_be_bytes());
    bytes.extend([0, 0, 0, protocol]);
    sum::add(0, &bytes)
}

fn tcp_options(data: &[u8], options: Range<usize>, found: &mut Transport) {
    let mut at = options.start;
    while at < options.end {
        let (kind, length) = match data.get(at) {
            Some(0) | None => break,
            Some(1) => {
                at += 1;
                continue;
            }
            Some(kind) => (*kind, usize::from(data.get(at + 1).copied().unwrap_or(0))),
        };
        if length < 2 || at + length > options.end {
            break;
        }
        match (kind, length) {
            (8, 10) => found.timestamps = Some(at + 2),
            (5, _) => found.edges.extend(
                (at + 2..at + length)
                    .step_by(4)
                    .filter(|e| e + 4 <= at + length),
            ),
            _ => {}
        }
        at += length;
    }
}
