//! What each side of a conversation said, in order: TCP put together again.

use super::frame::{SYN, TCP, Transport};

/// A packet's payload within what its side said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// Index of the packet.
    pub(super) packet: usize,
    /// First byte, counted from the first byte of the side.
    pub(super) start: i64,
    pub(super) length: usize,
}

/// Bytes without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: i64,
    pub(super) bytes: Vec<u8>,
    /// Index of the packet that begins it.
    pub(super) packet: usize,
}

/// One side of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Side {
    /// Sequence number of the first byte.
    pub(super) base: Option<u32>,
    /// The initial sequence number, when the first packet was captured.
    pub(super) initial: Option<u32>,
    pub(super) segments: Vec<Segment>,
    /// Of UDP: where the next datagram is put.
    next: i64,
}

impl Side {
    /// Where a sequence number lies, counted from the first byte.
    pub(super) fn place(&self, number: u32) -> i64 {
        let base = self.base.unwrap_or(number);
        i64::from(number.wrapping_sub(base) as i32)
    }

    /// Adds a packet of this side.
    pub(super) fn push(&mut self, packet: usize, transport: &Transport) {
        let length = transport.payload.len();
        if transport.protocol != TCP {
            // Datagrams do not touch each other.
            let start = self.next;
            self.next += length as i64 + 1;
            self.segments.push(Segment {
                packet,
                start,
                length,
            });
            return;
        }
        let mut number = transport.sequence;
        if transport.flags & SYN != 0 {
            self.initial.get_or_insert(number);
            number = number.wrapping_add(1);
        }
        self.base.get_or_insert(number);
        if length > 0 {
            let start = self.place(number);
            self.segments.push(Segment {
                packet,
                start,
                length,
            });
        }
    }

    /// What was said, without what was said again; the first packet at a place counts.
    pub(super) fn runs<'a>(&self, payload: impl Fn(usize) -> &'a [u8]) -> Vec<Run> {
        let mut order: Vec<&Segment> = self.segments.iter().collect();
        order.sort_by_key(|s| (s.start, s.packet));
        let mut runs: Vec<Run> = Vec::new();
        for segment in order {
            let bytes = payload(segment.packet);
            let end = runs.last().map(|r| r.start + r.bytes.len() as i64);
            match (runs.last_mut(), end) {
                (Some(run), Some(end)) if segment.start <= end => {
                    let known = usize::try_from(end - segment.start).unwrap_or(usize::MAX);
                    run.bytes.extend(bytes.get(known..).unwrap_or_default());
                }
                _ => runs.push(Run {
                    start: segment.start,
                    bytes: bytes.to_vec(),
                    packet: segment.packet,
                }),
            }
        }
        runs
    }
}
