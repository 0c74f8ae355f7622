//! Padding in front of encryption, so that a ciphertext's size says little about what is in it.
//!
//! Layout: one version byte, the length as eight little-endian bytes, the bytes, zeros.

use zeroize::Zeroizing;

const VERSION: u8 = 1;
const HEAD_BYTES: usize = 9;

/// The padded bytes are not in the layout above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotPadded;

/// The bytes with head and zeros, `target(HEAD_BYTES + length)` long.
pub(crate) fn pad(bytes: &[u8], target: impl Fn(u64) -> u64) -> Zeroizing<Vec<u8>> {
    let whole = HEAD_BYTES.saturating_add(bytes.len());
    let size = usize::try_from(target(whole as u64))
        .unwrap_or(whole)
        .max(whole);
    // The capacity is exact, so that no copy of the plaintext is left behind by growth.
    let mut padded = Zeroizing::new(Vec::with_capacity(size));
    padded.push(VERSION);
    padded.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    padded.extend_from_slice(bytes);
    padded.resize(size, 0);
    padded
}

/// The bytes that [`pad`] was given.
pub(crate) fn unpad(padded: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotPadded> {
    let (head, rest) = padded.split_at_checked(HEAD_BYTES).ok_or(NotPadded)?;
    let (version, length) = head.split_first().ok_or(NotPadded)?;
    let length = u64::from_le_bytes(length.try_into().map_err(|_| NotPadded)?);
    let length = usize::try_from(length).map_err(|_| NotPadded)?;
    let (bytes, zeros) = rest.split_at_checked(length).ok_or(NotPadded)?;
    if *version != VERSION || zeros.iter().any(|&byte| byte != 0) {
        return Err(NotPadded);
    }
    Ok(Zeroizing::new(bytes.to_vec()))
}

/// The smallest size class that holds `bytes`: at least `min` (a power of two), then four classes
/// an octave, so that at most a quarter is added and a size shows about two bits less than log₂ of it.
pub(crate) fn quarter_octave(bytes: u64, min: u64) -> u64 {
    if bytes <= min {
        return min;
    }
    // bytes ≥ min + 1 ≥ 2, so that `below` is the power of two under it.
    let below = 1u64 << (63 - (bytes - 1).leading_zeros().min(63));
    let step = (below / 4).max(1);
    bytes.div_ceil(step).saturating_mul(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn size_classes_grow_by_a_quarter_of_an_octave() {
        let classes: Vec<u64> = [1, 16, 17, 20, 21, 24, 28, 29, 32, 33, 40, 41]
            .iter()
            .map(|&bytes| quarter_octave(bytes, 16))
            .collect();
        assert_eq!(classes, [16, 16, 20, 20, 24, 24, 28, 32, 32, 40, 40, 48]);
    }

    proptest! {
        #[test]
        fn what_is_padded_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
            let padded = pad(&bytes, |size| quarter_octave(size, 256));
            prop_assert!(padded.len() >= 256);
            prop_assert_eq!(&**unpad(&padded).unwrap(), &bytes[..]);
        }

        #[test]
        fn hostile_padding_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = unpad(&bytes);
        }

        #[test]
        fn a_class_holds_its_bytes_and_adds_a_quarter_at_most(bytes in 1u64..(1 << 40)) {
            let class = quarter_octave(bytes, 256);
            prop_assert!(class >= bytes);
            prop_assert!(class <= 256.max(bytes + bytes / 4 + 1));
            prop_assert_eq!(quarter_octave(class, 256), class);
        }
    }
}
