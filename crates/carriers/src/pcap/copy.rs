//! The copy of a capture: payloads and fields replaced, and everything that must follow.

use super::field::Change;
use super::file::Packet;
use super::frame::{ACK, Frame, Network, TCP, Transport, UDP, pseudo, u16_at, u32_at};
use super::plan::{CaptureMaster, Place};
use super::stream::{Segment, Side};
use super::sum::{self, Sum};
use crate::marks::render;

/// How bytes of one side move: places with what they become.
struct Moves<'a> {
    /// First byte, byte after the last, text, and by how much what follows has moved.
    steps: Vec<(i64, i64, &'a [u8], i64)>,
}

impl<'a> Moves<'a> {
    fn of(places: &[Place], texts: &'a [Vec<u8>]) -> Moves<'a> {
        let mut moved = 0;
        let steps = places
            .iter()
            .filter_map(|place| {
                let text = texts.get(place.payload)?.as_slice();
                moved += text.len() as i64 - place.length as i64;
                Some((place.start, place.start + place.length as i64, text, moved))
            })
            .collect();
        Moves { steps }
    }

    /// Where a byte of the master stands in the copy. Within a place it counts from the end.
    fn place(&self, at: i64) -> i64 {
        let after = self.steps.partition_point(|s| s.1 <= at);
        let moved = after
            .checked_sub(1)
            .and_then(|i| self.steps.get(i))
            .map_or(0, |s| s.3);
        match self.steps.get(after) {
            Some((start, end, text, _)) if *start < at => {
                let first = start + moved;
                (first + text.len() as i64 - (end - at)).max(first)
            }
            _ => at + moved,
        }
    }

    /// The bytes of a segment in the copy.
    fn bytes(&self, start: i64, own: &[u8]) -> Vec<u8> {
        let end = start + own.len() as i64;
        let slice = |from: i64, to: i64| {
            let at = |p: i64| usize::try_from(p - start).unwrap_or(0);
            own.get(at(from)..at(to)).unwrap_or_default()
        };
        let mut out = Vec::with_capacity(own.len());
        let mut at = start;
        let first = self.steps.partition_point(|s| s.1 <= start);
        for (from, to, text, _) in self.steps.iter().skip(first) {
            if *from >= end {
                break;
            }
            out.extend(slice(at, (*from).max(at)));
            let base = self.place(*from);
            let offset = |p: i64| {
                usize::try_from(self.place(p) - base)
                    .unwrap_or(0)
                    .min(text.len())
            };
            let upto = if *to <= end { text.len() } else { offset(end) };
            let since = if *from >= start { 0 } else { offset(start) };
            out.extend(text.get(since..upto).unwrap_or_default());
            at = (*to).min(end);
        }
        out.extend(slice(at, end));
        out
    }
}

impl CaptureMaster {
    /// The copy for these symbols, which the caller has checked.
    pub(crate) fn render(&self, symbols: &[u64]) -> Vec<u8> {
        let texts: Vec<Vec<u8>> = self
            .payloads
            .iter()
            .map(|parts| {
                let mut out = String::new();
                render(parts, symbols, &mut out);
                out.into_bytes()
            })
            .collect();
        let change = Change::of(self, symbols);
        let moves: Vec<[Moves<'_>; 2]> = (0..self.talk.conversations.len())
            .map(|index| [0, 1].map(|side| Moves::of(self.places_of(index, side), &texts)))
            .collect();
        // Segments by packet: each packet has at most one.
        let mut segments: Vec<Option<Segment>> = vec![None; self.file.packets.len()];
        for side in self.talk.conversations.iter().flat_map(|c| &c.sides) {
            for segment in &side.segments {
                if let Some(slot) = segments.get_mut(segment.packet) {
                    *slot = Some(*segment);
                }
            }
        }
        let mut file = self.file.clone();
        for (index, packet) in file.packets.iter_mut().enumerate() {
            let Some(frame) = self.talk.frames.get(index) else {
                continue;
            };
            let mut edit = Edit::of(packet, frame);
            let of = self.talk.of.get(index).copied().flatten();
            if let (Some((conversation, side)), Some(transport)) = (of, &frame.transport) {
                if let Some(moves) = moves.get(conversation) {
                    if let Some(segment) = segments.get(index).copied().flatten() {
                        let own = packet
                            .data
                            .get(transport.payload.clone())
                            .unwrap_or_default();
                        edit.payload = moves[side].bytes(segment.start, own);
                    }
                    if transport.protocol == TCP
                        && let Some(talk) = self.talk.conversations.get(conversation)
                    {
                        numbers(
                            &mut edit,
                            transport,
                            &talk.sides,
                            moves,
                            side,
                            change.initial(conversation),
                        );
                    }
                }
                change.timestamps(&mut edit.head, transport, conversation, side);
                change.port(&mut edit.head, transport, conversation, side);
            }
            change.network(&mut edit.head, frame);
            edit.finish(packet, frame);
        }
        file.write()
    }
}

/// Sequence and acknowledgement numbers of a packet. `offset`: added to all numbers of the client.
fn numbers(
    edit: &mut Edit,
    transport: &Transport,
    sides: &[Side; 2],
    moves: &[Moves<'_>; 2],
    side: usize,
    offset: u32,
) {
    let mapped = |whose: usize, number: u32| {
        let base = sides[whose].base?;
        let place = moves[whose].place(sides[whose].place(number));
        let offset = if whose == 0 { offset } else { 0 };
        Some(base.wrapping_add(place as u32).wrapping_add(offset))
    };
    if let Some(number) = mapped(side, transport.sequence) {
        edit.put32(transport.start + 4, number);
    }
    if transport.flags & ACK != 0
        && let Some(number) = mapped(1 - side, transport.acknowledged)
    {
        edit.put32(transport.start + 8, number);
    }
    for at in &transport.edges {
        if let Some(number) = u32_at(&edit.head, *at).and_then(|n| mapped(1 - side, n)) {
            edit.put32(*at, number);
        }
    }
}

/// A packet while it is changed: headers, payload, and what follows the payload.
struct Edit {
    head: Vec<u8>,
    payload: Vec<u8>,
    tail: Vec<u8>,
}

impl Edit {
    fn of(packet: &Packet, frame: &Frame) -> Edit {
        let all = packet.data.len();
        let payload = frame
            .transport
            .as_ref()
            .map_or(all..all, |t| t.payload.clone());
        let part = |from: usize, to: usize| packet.data.get(from..to).unwrap_or_default().to_vec();
        Edit {
            head: part(0, payload.start),
            payload: part(payload.start, payload.end),
            tail: part(payload.end, all),
        }
    }

    fn put16(&mut self, at: usize, value: u16) {
        if let Some(own) = self.head.get_mut(at..at + 2) {
            own.copy_from_slice(&value.to_be_bytes());
        }
    }

    fn put32(&mut self, at: usize, value: u32) {
        if let Some(own) = self.head.get_mut(at..at + 4) {
            own.copy_from_slice(&value.to_be_bytes());
        }
    }

    /// Whether the packet is still as it was.
    fn is_same(&self, packet: &Packet) -> bool {
        let (head, payload) = (self.head.len(), self.payload.len());
        packet.data.get(..head) == Some(&self.head)
            && packet.data.get(head..head + payload) == Some(&self.payload)
            && packet.data.len() == head + payload + self.tail.len()
    }

    /// Lengths and checksums; then the packet is as it shall be.
    fn finish(mut self, packet: &mut Packet, frame: &Frame) {
        if self.is_same(packet) {
            return;
        }
        if let Some(network) = &frame.network {
            let before = frame.transport.as_ref().map_or(0, |t| t.payload.len());
            let grown = self.payload.len() as i64 - before as i64;
            let longer = |value: u16| u16::try_from(i64::from(value) + grown).unwrap_or(value);
            if grown != 0 {
                let at = network.start + if network.source.is_ipv4() { 2 } else { 4 };
                if let Some(length) = u16_at(&self.head, at) {
                    self.put16(at, longer(length));
                }
                if let Some(transport) = frame.transport.as_ref().filter(|t| t.protocol == UDP)
                    && let Some(length) = u16_at(&self.head, transport.start + 4)
                {
                    self.put16(transport.start + 4, longer(length));
                }
                packet.original =
                    u32::try_from(i64::from(packet.original) + grown).unwrap_or(packet.original);
            }
            if let Some(transport) = &frame.transport {
                self.transport_sum(packet, network, transport, grown);
            }
            if network.source.is_ipv4() && network.sum == Sum::Right {
                self.put16(network.start + 10, 0);
                let header = self
                    .head
                    .get(network.start..network.header_end)
                    .unwrap_or_default();
                let checksum = sum::finish(sum::add(0, header));
                self.put16(network.start + 10, checksum);
            }
        }
        self.head.extend(self.payload);
        self.head.extend(self.tail);
        packet.data = self.head;
    }

    /// A checksum that was right is right again; one that was wrong or absent stays as it is.
    fn transport_sum(
        &mut self,
        packet: &Packet,
        network: &Network,
        transport: &Transport,
        grown: i64,
    ) {
        let at = transport.start + if transport.protocol == TCP { 16 } else { 6 };
        match transport.sum {
            Sum::Wrong | Sum::Absent => {}
            Sum::Right => {
                self.put16(at, 0);
                let header = self.head.get(transport.start..).unwrap_or_default();
                let length = header.len() + self.payload.len();
                // The header is a multiple of four bytes, so that the payload begins with a whole word.
                let start = pseudo(network, transport.protocol, length);
                let total = sum::add(sum::add(start, header), &self.payload);
                let checksum = match (sum::finish(total), transport.protocol) {
                    (0, UDP) => 0xffff,
                    (checksum, _) => checksum,
                };
                self.put16(at, checksum);
            }
            Sum::Unknown if grown == 0 => {
                let Some(old) = packet.data.get(transport.start..transport.payload.start) else {
                    return;
                };
                let new = self.head.get(transport.start..).unwrap_or_default();
                let shown = u16_at(old, at - transport.start);
                let (before, after) = (sum::add(0, old), sum::add(0, new));
                if let Some(shown) = shown.filter(|_| before != after) {
                    self.put16(at, sum::adjusted(shown, before, after));
                }
            }
            Sum::Unknown => {}
        }
    }
}
