//! What a capture's section comment declares, and where it stands in the packets.

use std::collections::BTreeSet;

use super::conversation::Talk;
use super::field::{self, Field};
use super::file::File;
use super::frame::Transport;
use super::{COMMENT_BYTES_MAX, CaptureError, OCCURRENCES_MAX};
use crate::marks::error::{MarkError, MarkErrorKind, MarkErrors};
use crate::marks::values::ValueForm;
use crate::marks::{Part, Site, declared};

/// Bytes of a message that readers see around a mark.
const SHOWN_BYTES_MAX: i64 = 64 << 10;
/// Between the messages that readers see; they drop it.
pub(crate) const MESSAGE_END: char = '\u{1e}';
/// The longest packet that every Ethernet takes, from the IP header on.
const NETWORK_BYTES: usize = 1500;

/// A declared payload in one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) conversation: usize,
    pub(super) side: usize,
    /// First byte, counted from the first byte of the side.
    pub(super) start: i64,
    pub(super) length: usize,
    /// Index of the payload.
    pub(super) payload: usize,
}

/// A capture with its sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CaptureMaster {
    pub(super) file: File,
    pub(super) talk: Talk,
    /// What each declared payload becomes.
    pub(super) payloads: Vec<Vec<Part>>,
    /// In order of conversation, side and start.
    pub(super) places: Vec<Place>,
    pub(super) fields: Vec<Field>,
    parts: Vec<Part>,
}

impl CaptureMaster {
    /// The messages that hold marks, as text.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Header fields that carry sites.
    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// What the headers of its conversations show.
    pub(crate) fn heads(&self) -> Vec<super::Head> {
        field::heads_of(&self.file, &self.talk)
    }
}

/// Whether a line of a section comment is a directive.
fn is_directive(line: &str) -> bool {
    line.trim_start().starts_with("#~")
}

/// Reads the directives of a capture; `None` when there are none.
///
/// # Errors
/// All that is wrong with them; lines and columns are those of the comment.
pub(crate) fn plan(bytes: &[u8]) -> Result<Option<(Vec<Site>, CaptureMaster)>, MarkErrors> {
    let may_be_marked = [b"#~ payload".as_slice(), b"#~ header".as_slice()]
        .iter()
        .any(|d| bytes.windows(d.len()).any(|w| w == *d));
    let one = |line: usize, text: &str, kind: CaptureError| MarkError {
        line: line as u32 + 1,
        column: 1,
        length: text.chars().count().max(1) as u32,
        kind: MarkErrorKind::Capture(kind),
    };
    let mut file = match File::read(bytes) {
        Ok(file) => file,
        Err(error) if may_be_marked => return Err(MarkErrors(vec![one(0, "", error)])),
        Err(_) => return Ok(None),
    };
    let Some(comment) = file.comment().filter(|c| c.lines().any(is_directive)) else {
        return Ok(None);
    };
    if comment.len() > COMMENT_BYTES_MAX {
        let error = CaptureError::CommentTooLong {
            bytes: comment.len(),
            max: COMMENT_BYTES_MAX,
        };
        return Err(MarkErrors(vec![one(0, "", error)]));
    }
    let mut wrong = Vec::new();
    // The payloads stand in the columns where the comment has them.
    let mut source = String::new();
    let mut headers: Vec<(usize, &str)> = Vec::new();
    for (number, line) in comment.lines().enumerate() {
        if is_directive(line) {
            let body = line.trim_start().trim_start_matches("#~").trim_start();
            let (word, rest) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
            match word {
                "payload" if !rest.trim().is_empty() => {
                    let skipped = line.len() - rest.trim_start().len();
                    source.push_str(
                        &" ".repeat(line.get(..skipped).map_or(0, |s| s.chars().count())),
                    );
                    source.push_str(rest.trim());
                }
                "header" => headers.extend(rest.split_whitespace().map(|f| (number, f))),
                _ => {
                    let shown: String = line.chars().take(60).collect();
                    wrong.push(one(number, line, CaptureError::Directive { line: shown }));
                }
            }
        }
        source.push('\n');
    }
    let declared = match declared(&source) {
        Ok(declared) => declared,
        Err(errors) => {
            wrong.extend(errors.0);
            return Err(MarkErrors(wrong));
        }
    };
    file.remove_lines(is_directive);
    let talk = Talk::of(&file);
    let mut sites = declared.sites;
    let mut master = CaptureMaster {
        file,
        talk,
        payloads: Vec::new(),
        places: Vec::new(),
        fields: Vec::new(),
        parts: Vec::new(),
    };
    let mut needles: Vec<(usize, Vec<u8>)> = Vec::new();
    for (number, line) in declared.lines.into_iter().enumerate() {
        if line.written.trim().is_empty() {
            continue;
        }
        let is_marked = line.parts.iter().any(|p| !matches!(p, Part::Text(_)));
        if !is_marked {
            let text = line.written.trim().to_owned();
            wrong.push(one(
                number,
                &text,
                CaptureError::PayloadWithoutMark { text: text.clone() },
            ));
            continue;
        }
        needles.push((number, breaks(line.written.trim_start()).into_bytes()));
        let mut parts = line.parts;
        trim_start(&mut parts);
        with_breaks(&mut parts);
        master.payloads.push(parts);
    }
    let mut seen = BTreeSet::new();
    for (number, word) in headers {
        if !seen.insert(word) {
            continue;
        }
        match field::plan(&master, word, number as u32 + 1, sites.len()) {
            Ok((fields, own)) => {
                master.fields.extend(fields);
                sites.extend(own);
            }
            Err(error) => wrong.push(one(number, word, error)),
        }
    }
    master.find(&needles, &mut |number, error| {
        wrong.push(one(number, "", error))
    });
    if wrong.is_empty()
        && let Err((line, error)) = master.check(&needles)
    {
        wrong.push(one(line, "", error));
    }
    if !wrong.is_empty() {
        wrong.sort_by_key(|e| (e.line, e.column));
        wrong.truncate(crate::marks::error::ERRORS_MAX);
        return Err(MarkErrors(wrong));
    }
    master.show();
    Ok(Some((sites, master)))
}

/// `\r\n` as it is written in a comment, which has no line breaks.
fn breaks(text: &str) -> String {
    text.replace("\\r\\n", "\r\n")
}

fn with_breaks(parts: &mut [Part]) {
    for part in parts {
        match part {
            Part::Text(text) => *text = breaks(text),
            Part::Choice { wordings, .. } => wordings.iter_mut().for_each(|w| *w = breaks(w)),
            Part::Value { .. } => {}
            Part::Shuffle { items, between, .. } => {
                items.iter_mut().chain(between).for_each(|p| with_breaks(p));
            }
        }
    }
}

fn trim_start(parts: &mut [Part]) {
    if let Some(Part::Text(text)) = parts.first_mut() {
        *text = text.trim_start().to_owned();
    }
}

/// Bytes of the longest rendering.
fn longest(parts: &[Part]) -> usize {
    parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => text.len(),
            Part::Choice { wordings, .. } => wordings.iter().map(String::len).max().unwrap_or(0),
            Part::Value { form, .. } => {
                let top: Vec<u64> = form.site_values().iter().map(|v| v - 1).collect();
                match form {
                    ValueForm::Integer { .. } => form.render(&top).len(),
                    _ => form.render(&vec![0; top.len()]).len(),
                }
            }
            Part::Shuffle { items, between, .. } => {
                items.iter().chain(between).map(|p| longest(p)).sum()
            }
        })
        .sum()
}

impl CaptureMaster {
    /// Finds each declared payload in what was said.
    fn find(&mut self, needles: &[(usize, Vec<u8>)], wrong: &mut impl FnMut(usize, CaptureError)) {
        let mut found = vec![false; needles.len()];
        for (index, conversation) in self.talk.conversations.iter().enumerate() {
            for side in 0..2 {
                let runs =
                    conversation.sides[side].runs(|p| self.talk.payload(&self.file.packets, p));
                for run in &runs {
                    for (payload, (line, needle)) in needles.iter().enumerate() {
                        for at in occurrences(&run.bytes, needle) {
                            if self.places.len() >= OCCURRENCES_MAX {
                                wrong(
                                    *line,
                                    CaptureError::TooManyPlaces {
                                        max: OCCURRENCES_MAX,
                                    },
                                );
                                return;
                            }
                            found[payload] = true;
                            self.places.push(Place {
                                conversation: index,
                                side,
                                start: run.start + at as i64,
                                length: needle.len(),
                                payload,
                            });
                        }
                    }
                }
            }
        }
        for ((line, needle), found) in needles.iter().zip(found) {
            if !found {
                let text = String::from_utf8_lossy(needle).chars().take(60).collect();
                wrong(*line, CaptureError::NoPayload { text });
            }
        }
        self.places
            .sort_by_key(|p| (p.conversation, p.side, p.start, p.length));
    }

    /// Whether every copy can be written: no places that touch, nothing cut, nothing too long.
    fn check(&self, needles: &[(usize, Vec<u8>)]) -> Result<(), (usize, CaptureError)> {
        let line_of = |place: &Place| needles.get(place.payload).map_or(0, |n| n.0);
        for pair in self.places.windows(2) {
            if let [a, b] = pair
                && (a.conversation, a.side) == (b.conversation, b.side)
                && b.start < a.start + a.length as i64
            {
                let packet = self.packet_at(b);
                return Err((line_of(b), CaptureError::Overlap { packet }));
            }
        }
        let network_max = self
            .talk
            .frames
            .iter()
            .filter_map(|f| f.network.as_ref())
            .map(|n| n.end - n.start)
            .fold(NETWORK_BYTES, usize::max)
            .min(usize::from(u16::MAX));
        for (index, conversation) in self.talk.conversations.iter().enumerate() {
            for side in 0..2 {
                for segment in &conversation.sides[side].segments {
                    let places = self.within(index, side, segment.start, segment.length);
                    let Some(first) = places.first() else {
                        continue;
                    };
                    let packet = segment.packet + 1;
                    let frame = self.talk.frames.get(segment.packet);
                    let Some((network, transport)) =
                        frame.and_then(|f| f.network.as_ref().zip(f.transport.as_ref()))
                    else {
                        continue;
                    };
                    if transport.is_cut {
                        return Err((line_of(first), CaptureError::Cut { packet }));
                    }
                    if let Some(place) =
                        self.differs(places, segment.start, segment.packet, needles)
                    {
                        return Err((line_of(place), CaptureError::Conflict { packet }));
                    }
                    let more: usize = places
                        .iter()
                        .map(|p| {
                            let parts = self.payloads.get(p.payload).map_or(&[][..], |p| p);
                            longest(parts).saturating_sub(p.length)
                        })
                        .sum();
                    let bytes = network.end - network.start + more;
                    if bytes > network_max {
                        let max = network_max;
                        return Err((line_of(first), CaptureError::TooLong { packet, bytes, max }));
                    }
                }
            }
        }
        Ok(())
    }

    /// The places of one side.
    pub(super) fn places_of(&self, conversation: usize, side: usize) -> &[Place] {
        let key = (conversation, side);
        let from = self
            .places
            .partition_point(|p| (p.conversation, p.side) < key);
        let to = self
            .places
            .partition_point(|p| (p.conversation, p.side) <= key);
        self.places.get(from..to).unwrap_or_default()
    }

    /// The places that share bytes with a stretch.
    pub(super) fn within(
        &self,
        conversation: usize,
        side: usize,
        start: i64,
        length: usize,
    ) -> &[Place] {
        let places = self.places_of(conversation, side);
        let end = start + length as i64;
        let from = places.partition_point(|p| p.start + p.length as i64 <= start);
        let to = places.partition_point(|p| p.start < end);
        places.get(from..to.max(from)).unwrap_or_default()
    }

    /// A place whose bytes this packet shows differently.
    fn differs<'a>(
        &self,
        places: &'a [Place],
        start: i64,
        packet: usize,
        needles: &[(usize, Vec<u8>)],
    ) -> Option<&'a Place> {
        let bytes = self.talk.payload(&self.file.packets, packet);
        places.iter().find(|place| {
            let needle = needles.get(place.payload).map_or(&[][..], |n| &n.1);
            needle.iter().enumerate().any(|(offset, byte)| {
                usize::try_from(place.start + offset as i64 - start)
                    .ok()
                    .and_then(|at| bytes.get(at))
                    .is_some_and(|own| own != byte)
            })
        })
    }

    /// Number of the packet in which a place begins.
    fn packet_at(&self, place: &Place) -> usize {
        self.talk
            .conversations
            .get(place.conversation)
            .and_then(|c| {
                c.sides[place.side]
                    .segments
                    .iter()
                    .find(|s| s.start <= place.start && place.start < s.start + s.length as i64)
            })
            .map_or(0, |s| s.packet + 1)
    }

    /// Puts the messages with marks together as text, for readers.
    fn show(&mut self) {
        let mut parts = Vec::new();
        for (index, conversation) in self.talk.conversations.iter().enumerate() {
            for side in 0..2 {
                for run in
                    conversation.sides[side].runs(|p| self.talk.payload(&self.file.packets, p))
                {
                    let places = self.within(index, side, run.start, run.bytes.len());
                    let (Some(first), Some(last)) = (places.first(), places.last()) else {
                        continue;
                    };
                    let text = |from: i64, to: i64| {
                        let at = |p: i64| usize::try_from(p - run.start).unwrap_or(0);
                        let bytes = run.bytes.get(at(from)..at(to).min(run.bytes.len()));
                        Part::Text(String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned())
                    };
                    let end = run.start + run.bytes.len() as i64;
                    let mut at = run.start.max(first.start - SHOWN_BYTES_MAX);
                    for place in places {
                        parts.push(text(at, place.start));
                        parts.extend(
                            self.payloads
                                .get(place.payload)
                                .into_iter()
                                .flatten()
                                .cloned(),
                        );
                        at = place.start + place.length as i64;
                    }
                    let stop = end.min(last.start + last.length as i64 + SHOWN_BYTES_MAX);
                    parts.push(text(at, stop));
                    parts.push(Part::Text(format!("\n\n{MESSAGE_END}\n")));
                }
            }
        }
        self.parts = merged(parts);
    }

    /// The transport of a packet.
    pub(super) fn transport(&self, packet: usize) -> Option<&Transport> {
        self.talk.frames.get(packet)?.transport.as_ref()
    }
}

/// Neighbouring texts as one.
fn merged(parts: Vec<Part>) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::new();
    for part in parts {
        match (out.last_mut(), part) {
            (_, Part::Text(text)) if text.is_empty() => {}
            (Some(Part::Text(last)), Part::Text(text)) => last.push_str(&text),
            (_, part) => out.push(part),
        }
    }
    out
}

/// Where `needle` begins in `hay`, without overlaps.
fn occurrences(hay: &[u8], needle: &[u8]) -> Vec<usize> {
    let mut out = Vec::new();
    let Some(first) = needle.first() else {
        return out;
    };
    let mut at = 0;
    while let Some(skip) = hay
        .get(at..)
        .and_then(|rest| rest.iter().position(|b| b == first))
    {
        at += skip;
        if hay.get(at..).is_some_and(|rest| rest.starts_with(needle)) {
            out.push(at);
            at += needle.len();
        } else {
            at += 1;
        }
    }
    out
}
