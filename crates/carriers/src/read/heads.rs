//! Header fields of packets: read only when the leak is a capture itself.

use std::collections::BTreeSet;

use super::evidence::Found;
use crate::leak::Leak;
use crate::marks::Master;
use crate::pcap::{FieldKind, Head};

/// What the packet headers of `leak` show of a master that is a capture.
pub(super) fn values(master: &Master, leak: &Leak) -> Vec<Found> {
    let Some(capture) = master.capture().filter(|c| !c.fields().is_empty()) else {
        return Vec::new();
    };
    let own = capture.heads();
    let pairs = matched(&own, &leak.heads);
    let mut out = Vec::new();
    for field in capture.fields() {
        let values: BTreeSet<u64> = pairs
            .iter()
            .filter_map(|(index, seen)| value(&field.kind, *index, own.get(*index)?, seen))
            .collect();
        let Some(value) = values.first().filter(|_| values.len() == 1) else {
            continue;
        };
        out.push(Found {
            site: field.site,
            values: vec![*value],
            noise: 0.02,
            seen: format!("moved by {value}"),
            at: 0,
        });
    }
    out
}

/// The conversations of the master that the leak has: the index, and what the leak shows of it.
fn matched<'a>(own: &[Head], leak: &'a [Head]) -> Vec<(usize, &'a Head)> {
    let same_ends = |a: &Head, b: &Head| {
        (a.client.0, a.server, a.protocol) == (b.client.0, b.server, b.protocol)
    };
    // Addresses are often made anonymous.
    let same_opening = |a: &Head, b: &Head| {
        !a.opening.is_empty() && a.opening == b.opening && a.server.1 == b.server.1
    };
    let mut out = Vec::new();
    for (index, head) in own.iter().enumerate() {
        for same in [&same_ends as &dyn Fn(&Head, &Head) -> bool, &same_opening] {
            let mine: Vec<usize> = (0..own.len()).filter(|i| same(head, &own[*i])).collect();
            let theirs: Vec<&Head> = leak.iter().filter(|l| same(head, l)).collect();
            let place = mine.iter().position(|i| *i == index);
            // Several like it are told apart by their order, when none is missing.
            if let Some(seen) = place
                .and_then(|p| theirs.get(p))
                .filter(|_| mine.len() == theirs.len())
            {
                out.push((index, *seen));
                break;
            }
        }
    }
    out
}

/// By how much a field has moved.
fn value(kind: &FieldKind, index: usize, own: &Head, seen: &Head) -> Option<u64> {
    match kind {
        FieldKind::Initial(of) if *of == index => {
            Some(u64::from(seen.initial?.wrapping_sub(own.initial?)))
        }
        FieldKind::Timestamp(of) if *of == index => {
            Some(u64::from(seen.timestamp?.wrapping_sub(own.timestamp?)))
        }
        FieldKind::Identifier(host) if own.client.0 == *host => {
            let (seen, own) = (u64::from(seen.identifier?), u64::from(own.identifier?));
            Some((seen + 65_535 - own) % 65_535)
        }
        FieldKind::Port { host, low, count } if own.client.0 == *host => {
            let place = |port: u16| port.checked_sub(*low).filter(|p| p < count).map(u64::from);
            let count = u64::from(*count);
            Some((place(seen.client.1)? + count - place(own.client.1)?) % count)
        }
        FieldKind::Hardware(address) => {
            let (seen, own) = (seen.hardware?, own.hardware?);
            let is_ours = own == *address && seen[..3] == [own[0] & 0xfc | 2, own[1], own[2]];
            let low = |a: [u8; 6]| u64::from(u32::from_be_bytes([0, a[3], a[4], a[5]]));
            is_ours.then(|| (low(seen) + (1 << 24) - low(own)) % (1 << 24))
        }
        _ => None,
    }
}
