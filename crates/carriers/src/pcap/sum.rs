//! The Internet checksum.

/// What a checksum was before anything was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sum {
    Right,
    /// As captures have it whose card computes checksums later; it stays as it is.
    Wrong,
    /// UDP without one.
    Absent,
    /// Part of the data was not captured.
    Unknown,
}

/// The 16-bit ones' complement sum of `bytes`, from `start` on.
///
/// # Source
/// RFC 1071.
pub(super) fn add(start: u32, bytes: &[u8]) -> u32 {
    let mut sum = u64::from(start);
    let mut pairs = bytes.chunks_exact(2);
    for pair in &mut pairs {
        sum += u64::from(u16::from_be_bytes([pair[0], pair[1]]));
    }
    if let [last] = pairs.remainder() {
        sum += u64::from(*last) << 8;
    }
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u32
}

/// The checksum that belongs into a field.
pub(super) fn finish(sum: u32) -> u16 {
    !(add(sum, &[]) as u16)
}

/// The checksum after data whose sum was `before` has become data whose sum is `after`.
///
/// # Source
/// RFC 1624, equation 3.
pub(super) fn adjusted(checksum: u16, before: u32, after: u32) -> u16 {
    let sum = u32::from(!checksum) + u32::from(!(add(before, &[]) as u16)) + add(after, &[]);
    finish(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1071_and_of_rfc_1624() {
        assert_eq!(
            add(0, &[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]),
            0xddf2
        );
        assert_eq!(adjusted(0xdd2f, 0x5555, 0x3285), 0x0000);
    }

    #[test]
    fn an_odd_byte_counts_as_the_upper_half() {
        assert_eq!(add(0, &[0x12, 0x34, 0x56]), 0x1234 + 0x5600);
    }
}
