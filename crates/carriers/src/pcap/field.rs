//! Header fields that differ between copies, and what a leaked capture shows of them.

use core::net::IpAddr;
use std::collections::{BTreeMap, BTreeSet};

use super::conversation::Talk;
use super::file::File;
use super::frame::{ACK, Frame, SYN, TCP, Transport, u16_at, u32_at};
use super::plan::CaptureMaster;
use super::{CaptureError, FIELD_CONVERSATIONS_MAX};
use crate::marks::{Carrier, Site};

/// A site in headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) site: usize,
    pub(crate) kind: Kind,
}

/// What the site moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// All sequence numbers of the client of a conversation.
    Initial(usize),
    /// All timestamps of the client of a conversation.
    Timestamp(usize),
    /// The identifiers of a host's packets, among 1..=65535.
    Identifier(IpAddr),
    /// The ports that a host uses as a client, among `low..low + count`.
    Port { host: IpAddr, low: u16, count: u16 },
    /// The last three bytes of a host's hardware address; its first becomes locally administered.
    Hardware([u8; 6]),
}

/// Ranges that systems take client ports from, the narrowest that fits.
const PORTS: [(u16, u16); 3] = [(32_768, 60_999), (49_152, 65_535), (1024, 65_535)];

/// The sites of one word of a `header` directive.
pub(super) fn plan(
    master: &CaptureMaster,
    word: &str,
    line: u32,
    first: usize,
) -> Result<(Vec<Field>, Vec<Site>), CaptureError> {
    let talk = &master.talk;
    let named = ["isn", "tsval", "ip-id", "port", "mac"]
        .into_iter()
        .find(|w| *w == word);
    let field = named.ok_or_else(|| CaptureError::UnknownField {
        field: word.chars().take(40).collect(),
    })?;
    if matches!(field, "isn" | "tsval" | "port") {
        let is_fragment = |f: &Frame| f.network.as_ref().is_some_and(|n| n.is_fragment);
        if let Some(packet) = talk.frames.iter().position(is_fragment) {
            let packet = packet + 1;
            return Err(CaptureError::Fragment { packet, field });
        }
    }
    let no_field = CaptureError::NoField { field };
    // The host that began the first conversation.
    let host = talk
        .conversations
        .first()
        .map(|c| c.ends[0].0)
        .ok_or(no_field.clone())?;
    let opened = || {
        talk.conversations
            .iter()
            .enumerate()
            .filter(|(_, c)| c.protocol == TCP && c.sides[0].initial.is_some())
    };
    let found: Vec<(Kind, u64, String)> = match field {
        "isn" => opened()
            .take(FIELD_CONVERSATIONS_MAX)
            .map(|(i, _)| {
                (
                    Kind::Initial(i),
                    1 << 32,
                    format!("isn of conversation {}", i + 1),
                )
            })
            .collect(),
        "tsval" => opened()
            .filter(|(_, c)| {
                let first = c.first.and_then(|p| master.transport(p));
                first.is_some_and(|t| t.timestamps.is_some())
            })
            .take(FIELD_CONVERSATIONS_MAX)
            .map(|(i, _)| {
                (
                    Kind::Timestamp(i),
                    1 << 32,
                    format!("tsval of conversation {}", i + 1),
                )
            })
            .collect(),
        "ip-id" => {
            let has = master
                .file
                .packets
                .iter()
                .zip(&talk.frames)
                .any(|(packet, frame)| {
                    frame.network.as_ref().is_some_and(|n| {
                        n.source == host
                            && n.source.is_ipv4()
                            && u16_at(&packet.data, n.start + 4) != Some(0)
                    })
                });
            let kind = Kind::Identifier(host);
            has.then(|| (kind, 65_535, format!("ip-id of {host}")))
                .into_iter()
                .collect()
        }
        "port" => {
            let ports: BTreeSet<u16> = talk
                .conversations
                .iter()
                .filter(|c| c.ends[0].0 == host)
                .map(|c| c.ends[0].1)
                .collect();
            PORTS
                .into_iter()
                .find(|(low, high)| ports.iter().all(|p| (low..=high).contains(&p)))
                .map(|(low, high)| {
                    let count = high - low + 1;
                    let kind = Kind::Port { host, low, count };
                    (kind, u64::from(count), format!("client port of {host}"))
                })
                .into_iter()
                .collect()
        }
        _ => {
            let first = talk.conversations.first().and_then(|c| c.first);
            hardware(master, first)
                .map(|address| (Kind::Hardware(address), 1 << 24, format!("mac of {host}")))
                .into_iter()
                .collect()
        }
    };
    if found.is_empty() {
        return Err(no_field);
    }
    let mut fields = Vec::new();
    let mut sites = Vec::new();
    for (index, (kind, values, label)) in found.into_iter().enumerate() {
        fields.push(Field {
            site: first + index,
            kind,
        });
        sites.push(Site {
            line,
            column: 1,
            carrier: Carrier::Field,
            values,
            section: 0,
            label,
            choices: Vec::new(),
        });
    }
    Ok((fields, sites))
}

/// The sender's hardware address, if it is one of a single card.
fn hardware(master: &CaptureMaster, packet: Option<usize>) -> Option<[u8; 6]> {
    let packet = packet?;
    let at = *master.talk.frames.get(packet)?.hardware.first()?;
    let address = address(&master.file.packets.get(packet)?.data, at)?;
    (address[0] & 1 == 0 && address != [0; 6]).then_some(address)
}

fn address(data: &[u8], at: usize) -> Option<[u8; 6]> {
    data.get(at..at + 6)?.try_into().ok()
}

/// A hardware address, locally administered, whose last three bytes have moved.
fn moved(address: [u8; 6], by: u64) -> [u8; 6] {
    let [a, b, c, d, e, f] = address;
    let low = u64::from(u32::from_be_bytes([0, d, e, f]));
    let [_, d, e, f] = (((low + by) & 0x00ff_ffff) as u32).to_be_bytes();
    [a & 0xfc | 2, b, c, d, e, f]
}

/// What one copy changes in headers.
#[derive(Default)]
pub(super) struct Change {
    initial: BTreeMap<usize, u32>,
    timestamp: BTreeMap<usize, u32>,
    identifier: Option<(IpAddr, u32)>,
    ports: BTreeMap<usize, u16>,
    hardware: Option<([u8; 6], [u8; 6])>,
}

impl Change {
    pub(super) fn of(master: &CaptureMaster, symbols: &[u64]) -> Change {
        let mut change = Change::default();
        for field in &master.fields {
            let by = symbols.get(field.site).copied().unwrap_or(0);
            match &field.kind {
                Kind::Initial(conversation) => {
                    change.initial.insert(*conversation, by as u32);
                }
                Kind::Timestamp(conversation) => {
                    change.timestamp.insert(*conversation, by as u32);
                }
                Kind::Identifier(host) => change.identifier = Some((*host, by as u32)),
                Kind::Port { host, low, count } => {
                    for (index, conversation) in master.talk.conversations.iter().enumerate() {
                        let (address, port) = conversation.ends[0];
                        if address == *host && port >= *low {
                            let moved = (u64::from(port - low) + by) % u64::from(*count);
                            change.ports.insert(index, low + moved as u16);
                        }
                    }
                }
                Kind::Hardware(address) => change.hardware = Some((*address, moved(*address, by))),
            }
        }
        change
    }

    pub(super) fn initial(&self, conversation: usize) -> u32 {
        self.initial.get(&conversation).copied().unwrap_or(0)
    }

    /// The client's timestamps, and the server's echoes of them.
    pub(super) fn timestamps(
        &self,
        head: &mut [u8],
        transport: &Transport,
        conversation: usize,
        side: usize,
    ) {
        let (Some(by), Some(at)) = (self.timestamp.get(&conversation), transport.timestamps) else {
            return;
        };
        let at = if side == 0 { at } else { at + 4 };
        let Some(shown) = u32_at(head, at) else {
            return;
        };
        if side == 1 && (transport.flags & ACK == 0 || shown == 0) {
            return;
        }
        if let Some(own) = head.get_mut(at..at + 4) {
            own.copy_from_slice(&shown.wrapping_add(*by).to_be_bytes());
        }
    }

    pub(super) fn port(
        &self,
        head: &mut [u8],
        transport: &Transport,
        conversation: usize,
        side: usize,
    ) {
        let at = transport.start + if side == 0 { 0 } else { 2 };
        if let (Some(port), Some(own)) = (self.ports.get(&conversation), head.get_mut(at..at + 2)) {
            own.copy_from_slice(&port.to_be_bytes());
        }
    }

    /// Identifiers and hardware addresses.
    pub(super) fn network(&self, head: &mut [u8], frame: &Frame) {
        if let (Some((host, by)), Some(network)) = (self.identifier, &frame.network)
            && network.source == host
            && host.is_ipv4()
            && let Some(shown) = u16_at(head, network.start + 4).filter(|id| *id != 0)
            && let Some(own) = head.get_mut(network.start + 4..network.start + 6)
        {
            let moved = (u32::from(shown) - 1 + by) % 65_535 + 1;
            own.copy_from_slice(&(moved as u16).to_be_bytes());
        }
        if let Some((from, to)) = self.hardware {
            for at in &frame.hardware {
                if let Some(own) = head.get_mut(*at..*at + 6).filter(|own| **own == from) {
                    own.copy_from_slice(&to);
                }
            }
        }
    }
}

/// What the headers of a conversation show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) client: (IpAddr, u16),
    pub(crate) server: (IpAddr, u16),
    pub(crate) protocol: u8,
    /// The client's, when its first packet was captured.
    pub(crate) initial: Option<u32>,
    pub(crate) timestamp: Option<u32>,
    pub(crate) identifier: Option<u16>,
    pub(crate) hardware: Option<[u8; 6]>,
    /// How the client began: method and path.
    pub(crate) opening: String,
}

/// The heads of all conversations of a capture.
pub(crate) fn heads(bytes: &[u8]) -> Result<Vec<Head>, CaptureError> {
    let file = File::read(bytes)?;
    Ok(heads_of(&file, &Talk::of(&file)))
}

pub(super) fn heads_of(file: &File, talk: &Talk) -> Vec<Head> {
    talk.conversations
        .iter()
        .map(|conversation| {
            let first = conversation.first;
            let frame = first.and_then(|p| talk.frames.get(p));
            let data = first
                .and_then(|p| file.packets.get(p))
                .map_or(&[][..], |p| &p.data);
            let transport = frame.and_then(|f| f.transport.as_ref());
            let is_first = conversation.protocol != TCP
                || transport.is_some_and(|t| t.flags & (SYN | ACK) == SYN);
            let network = frame.and_then(|f| f.network.as_ref());
            Head {
                client: conversation.ends[0],
                server: conversation.ends[1],
                protocol: conversation.protocol,
                initial: conversation.sides[0].initial,
                timestamp: transport
                    .and_then(|t| u32_at(data, t.timestamps?))
                    .filter(|_| is_first),
                identifier: network
                    .filter(|n| is_first && n.source.is_ipv4())
                    .and_then(|n| u16_at(data, n.start + 4))
                    .filter(|id| *id != 0),
                hardware: frame.and_then(|f| address(data, *f.hardware.first()?)),
                opening: opening(file, talk, &conversation.sides[0].segments),
            }
        })
        .collect()
}

/// Method and path of the first request.
fn opening(file: &File, talk: &Talk, segments: &[super::stream::Segment]) -> String {
    let Some(first) = segments.iter().min_by_key(|s| (s.start, s.packet)) else {
        return String::new();
    };
    let bytes = talk.payload(&file.packets, first.packet);
    let line: Vec<u8> = bytes
        .iter()
        .copied()
        .take(256)
        .take_while(|b| !matches!(b, b'\r' | b'\n' | b'?'))
        .collect();
    let text = String::from_utf8_lossy(&line).into_owned();
    let mut words = text.split(' ');
    match (words.next(), words.next()) {
        (Some(method), Some(path)) => format!("{method} {path}"),
        _ => String::new(),
    }
}
