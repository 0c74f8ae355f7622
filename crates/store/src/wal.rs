//! Whether SQLite's write-ahead log is as it was synced.
//!
//! SQLite reads a log up to the first frame that does not check, and takes the rest for what a power cut has torn. That
//! is right for the last transaction, which perhaps was never acknowledged. But a byte that has changed since in an
//! older one would take with it every transaction from there on, and nobody would be told.
//!
//! The two can be told apart: each commit is synced before the next transaction is written, and each frame carries a
//! checksum that goes on from that of the frame before. So a frame that goes on from a commit shows that this commit
//! was synced, and everything before it too.
//!
//! # Source
//! "The WAL File Format", section 4.1 and 4.2 of SQLite's "Database File Format".

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::time::{Duration, SystemTime};

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
const MAGIC: u32 = 0x377f_0682;
const VERSION: u32 = 3_007_000;
/// What a disk writes whole or not at all, at least.
const SECTOR_BYTES: u64 = 512;
/// How long, and how often, a log is looked at again before it is called damaged: somebody may be writing it.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LOOKS_MAX: u32 = 20;

/// What is wrong with a log that nobody writes; `None` if it is whole, or torn as a power cut tears it.
pub(crate) async fn fault(path: &Path) -> io::Result<Option<String>> {
    let mut before: Option<(String, u64, SystemTime)> = None;
    for _ in 0..LOOKS_MAX {
        let file = match File::open(path) {
            // The last of those who used it has moved it into the file meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let about = file.metadata()?;
        let Some(what) = fault_of(BufReader::with_capacity(1 << 16, file))? else {
            return Ok(None);
        };
        let now = (what, about.len(), about.modified()?);
        if before.as_ref() == Some(&now) {
            return Ok(Some(now.0));
        }
        before = Some(now);
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    // Somebody writes all the time, and so has not found it damaged.
    Ok(None)
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Checksum(u32, u32);

impl Checksum {
    /// Goes on over bytes, a multiple of eight.
    fn over(self, bytes: &[u8], is_big_endian: bool) -> Self {
        let Checksum(mut first, mut second) = self;
        let (pairs, _) = bytes.as_chunks::<8>();
        for &[a, b, c, d, e, f, g, h] in pairs {
            let (left, right) = match is_big_endian {
                true => (
                    u32::from_be_bytes([a, b, c, d]),
                    u32::from_be_bytes([e, f, g, h]),
                ),
                false => (
                    u32::from_le_bytes([a, b, c, d]),
                    u32::from_le_bytes([e, f, g, h]),
                ),
            };
            first = first.wrapping_add(left).wrapping_add(second);
            second = second.wrapping_add(right).wrapping_add(first);
        }
        Checksum(first, second)
    }
}

/// The `at`th number of four bytes.
fn number(bytes: &[u8], at: usize) -> u32 {
    let (numbers, _) = bytes.as_chunks::<4>();
    numbers
        .get(at)
        .map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

fn fault_of(mut log: impl Read) -> io::Result<Option<String>> {
    let mut header = [0; HEADER_BYTES];
    if !fill(&mut log, &mut header)? {
        return Ok(None);
    }
    let page = number(&header, 2) as usize;
    let is_big_endian = number(&header, 0) & 1 == 1;
    let stored = Checksum(number(&header, 6), number(&header, 7));
    let is_whole = number(&header, 0) & !1 == MAGIC
        && number(&header, 1) == VERSION
        && page.is_power_of_two()
        && (512..=65_536).contains(&page)
        && Checksum(0, 0).over(&header[..24], is_big_endian) == stored;
    if !is_whole {
        // It is synced before the first frame is written.
        let mut rest = [0; FRAME_HEADER_BYTES];
        let has_frames = fill(&mut log, &mut rest)?;
        return Ok(has_frames
            .then(|| "the head of its write-ahead log is not as it was synced".to_owned()));
    }
    let mut frame = vec![0; FRAME_HEADER_BYTES + page];
    // What the frame before says of itself, and what it is: of one that does not check, either may be what is damaged.
    let mut before = (stored, stored);
    let (mut first_wrong, mut is_after_commit) = (None, false);
    for index in 0_u64.. {
        if !fill(&mut log, &mut frame)? {
            break;
        }
        let (head, content) = frame.split_at(FRAME_HEADER_BYTES);
        let from = |sum: Checksum| {
            sum.over(&head[..8], is_big_endian)
                .over(content, is_big_endian)
        };
        let (stored, made) = (Checksum(number(head, 4), number(head, 5)), from(before.0));
        let goes_on = made == stored || (before.0 != before.1 && from(before.1) == stored);
        let is_next = head[8..16] == header[16..24] && goes_on;
        before = (stored, if is_next { stored } else { made });
        if let Some(wrong) = first_wrong
            && is_next
            && is_after_commit
        {
            return Ok(Some(format!(
                "frame {wrong} of its write-ahead log is not as it was synced before frame {index}"
            )));
        }
        if !is_next {
            first_wrong = first_wrong.or(Some(index));
        }
        // A frame that does not check says whether it is a commit only if a disk cannot have torn what it says of itself.
        let start = (HEADER_BYTES as u64 + index * frame.len() as u64) % SECTOR_BYTES;
        let is_untorn = is_next || start + FRAME_HEADER_BYTES as u64 <= SECTOR_BYTES;
        is_after_commit = number(head, 1) != 0 && is_untorn;
    }
    Ok(None)
}

/// Reads as many bytes as there is room for; `false` if there are fewer.
fn fill(log: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAGE: usize = 512;
    const FRAME: usize = FRAME_HEADER_BYTES + PAGE;

    fn put(bytes: &mut [u8], at: usize, number: u32) {
        bytes[4 * at..4 * at + 4].copy_from_slice(&number.to_be_bytes());
    }

    /// A log with transactions of so many frames each.
    fn log(transactions: &[usize], is_big_endian: bool, salt: u32) -> Vec<u8> {
        let mut header = [0; HEADER_BYTES];
        let words = [MAGIC | u32::from(is_big_endian), VERSION, 512, 0, salt, 77];
        for (at, word) in words.into_iter().enumerate() {
            put(&mut header, at, word);
        }
        let mut sum = Checksum(0, 0).over(&header[..24], is_big_endian);
        put(&mut header, 6, sum.0);
        put(&mut header, 7, sum.1);
        let mut log = header.to_vec();
        for &frames in transactions {
            for number in 1..=frames {
                let mut frame = vec![u8::try_from(log.len() / FRAME % 251).unwrap(); FRAME];
                put(&mut frame, 0, 9);
                put(&mut frame, 1, if number == frames { 28 } else { 0 });
                put(&mut frame, 2, salt);
                put(&mut frame, 3, 77);
                sum = sum.over(&frame[..8], is_big_endian);
                sum = sum.over(&frame[FRAME_HEADER_BYTES..], is_big_endian);
                put(&mut frame, 4, sum.0);
                put(&mut frame, 5, sum.1);
                log.extend(frame);
            }
        }
        log
    }

    fn found(log: &[u8]) -> Option<String> {
        fault_of(log).unwrap()
    }

    #[test]
    fn a_log_that_is_whole_or_cut_anywhere_has_no_fault() {
        for is_big_endian in [false, true] {
            let log = log(&[1, 3, 2, 4], is_big_endian, 5);
            for length in 0..=log.len() {
                assert_eq!(found(&log[..length]), None, "{length}");
            }
        }
    }

    #[test]
    fn a_last_transaction_that_was_torn_has_no_fault() {
        let log = log(&[1, 3, 2, 4], false, 5);
        let last = HEADER_BYTES + 6 * FRAME;
        for sector in (last..log.len()).step_by(100) {
            let mut torn = log.clone();
            let end = (sector + 512).min(torn.len());
            torn[sector..end].fill(0);
            assert_eq!(found(&torn), None, "{sector}");
        }
    }

    #[test]
    fn what_an_earlier_log_left_behind_the_end_has_no_fault() {
        let mut log = log(&[1, 2], false, 6);
        let earlier = super::tests::log(&[1, 1, 1, 1, 1, 1], false, 5);
        log.extend(&earlier[log.len()..]);
        assert_eq!(found(&log), None);
    }

    #[test]
    fn a_byte_changed_before_the_last_transaction_is_a_fault_wherever_it_is() {
        let log = log(&[1, 3, 2, 4], true, 5);
        for at in 0..HEADER_BYTES + 6 * FRAME {
            let mut changed = log.clone();
            changed[at] ^= 0x40;
            let frame = at.checked_sub(HEADER_BYTES).map(|at| at / FRAME);
            let what = match frame {
                None => "the head of".to_owned(),
                Some(frame) => format!("frame {frame} of"),
            };
            assert!(
                found(&changed).is_some_and(|found| found.starts_with(&what)),
                "byte {at}: {:?}",
                found(&changed)
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_their_end(mut bytes in prop::collection::vec(any::<u8>(), 0..3000), is_whole in any::<bool>()) {
            if is_whole {
                let begin = log(&[1], false, 5);
                bytes.splice(..0, begin);
            }
            let _ = fault_of(&bytes[..]);
        }
    }
}
