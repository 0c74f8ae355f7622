//! One input as several fields.

/// Stands between two fields: ASCII's record separator, which no reader gives a meaning to.
pub const SEPARATOR: u8 = 0x1e;

/// The first `N` fields of an input. What is missing is empty; the last field keeps every further separator.
pub fn fields<const N: usize>(input: &[u8]) -> [&[u8]; N] {
    let mut parts = input.splitn(N, |&byte| byte == SEPARATOR);
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

/// A file name for a field: any text, of which the ending decides how the file is read.
pub fn file_name(field: &[u8]) -> String {
    String::from_utf8_lossy(field).into_owned()
}

/// Numbers drawn from a field, for ever: its bytes as a seed of xorshift64*.
pub struct Numbers(u64);

impl Numbers {
    /// Numbers that depend on every byte of `field`.
    pub fn of(field: &[u8]) -> Self {
        let fold = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(field.iter().fold(0xcbf2_9ce4_8422_2325, fold) | 1)
    }

    /// The next number below `bound`, which must not be 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % bound
    }
}
