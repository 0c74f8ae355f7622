//! Entries in rows: each after its length in two bytes, as in an entry bundle of C2SP tlog-tiles.

use crate::error::StoreError;

/// Entries in a full bundle.
pub(crate) const BUNDLE: u64 = 256;

/// The `count` entries of a row whose first entry has this index.
///
/// # Errors
/// [`StoreError::Damaged`] unless the bytes are exactly so many entries.
pub(crate) fn split(first: u64, count: u64, bytes: &[u8]) -> Result<Vec<&[u8]>, StoreError> {
    let fault = || StoreError::damaged(format!("the row of log entries from {first} on"));
    let mut entries = Vec::new();
    let mut rest = bytes;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or_else(fault)?;
        entries.push(entry);
        rest = after;
    }
    if !rest.is_empty() || entries.len() as u64 != count {
        return Err(fault());
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Segment;

    #[test]
    fn a_row_gives_back_the_entries_that_were_put_in() {
        let entries = vec![b"one".to_vec(), vec![], vec![7; 65_535]];
        let rows = Segment::of(&entries);
        let [row] = rows.as_slice() else {
            panic!("{} rows", rows.len())
        };
        assert_eq!(split(0, 3, &row.entries).unwrap(), entries);
        assert_eq!(row.leaves.len(), 96);
        assert!(split(0, 2, &row.entries).is_err());
        for length in [1, 4, 6, row.entries.len() - 1] {
            assert!(split(0, 3, &row.entries[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn rows_stay_small_and_lose_nothing() {
        let entries: Vec<Vec<u8>> = (0..300_u32).map(|n| vec![n as u8; 60_000]).collect();
        let rows = Segment::of(&entries);
        assert!(rows.len() > 10);
        let mut found = Vec::new();
        for row in &rows {
            assert!(row.entries.len() <= 1 << 20);
            found.extend(split(0, row.count, &row.entries).unwrap());
        }
        assert_eq!(found, entries);
    }
}
