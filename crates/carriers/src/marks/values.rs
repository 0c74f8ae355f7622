//! Sites with many values: nonces, integers and moments written into a literal.

use super::moment::TimeForm;

/// Characters that a nonce is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Alphabet {
    HexLower,
    HexUpper,
    Base64,
    Base64Url,
    Alnum,
}

// What copies show. A picture of a program at 96 dpi, a retyped one, and one whose letters all became small show other
// characters for some of these; so of characters that look alike only one is written, and the others are read as it.
// docs/marks.md says how this was measured.
const HEX_LOWER: &[u8] = b"235679abdef";
const HEX_UPPER: &[u8] = b"235679ABDEF";
const LETTERS: &[u8] = b"02367AEFHKLMNPRSTUVWXYbhnrt";

/// Of each: what is written, and what is read as it too.
const LOOK_ALIKES: [(u8, &[u8]); 16] = [
    (b'0', b"OoQ"),
    (b'2', b"Zz"),
    (b'6', b"G"),
    (b'A', b"a4"),
    (b'E', b"e"),
    (b'F', b"f"),
    (b'K', b"k"),
    (b'L', b"l"),
    (b'P', b"p"),
    (b'S', b"s58"),
    (b'U', b"u"),
    (b'V', b"v"),
    (b'W', b"w"),
    (b'X', b"x"),
    (b'Y', b"y"),
    (b'M', b"m"),
];

impl Alphabet {
    /// The characters that copies show.
    pub(crate) fn chars(self) -> &'static [u8] {
        match self {
            Alphabet::HexLower => HEX_LOWER,
            Alphabet::HexUpper => HEX_UPPER,
            Alphabet::Base64 | Alphabet::Base64Url | Alphabet::Alnum => LETTERS,
        }
    }

    pub(crate) fn is_hex(self) -> bool {
        matches!(self, Alphabet::HexLower | Alphabet::HexUpper)
    }

    /// Whether `byte` may stand in such a literal of a program (hex in either case).
    pub(crate) fn holds(self, byte: u8) -> bool {
        match self {
            Alphabet::HexLower | Alphabet::HexUpper => byte.is_ascii_hexdigit(),
            Alphabet::Alnum => byte.is_ascii_alphanumeric(),
            Alphabet::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'),
            Alphabet::Base64Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
        }
    }

    /// Whether a run of this alphabet looks random: dates, numbers and words do not.
    pub(crate) fn is_random(self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let has_digits = bytes.iter().any(u8::is_ascii_digit);
        if self.is_hex() {
            return has_digits && bytes.iter().any(u8::is_ascii_alphabetic);
        }
        let is_small = bytes.iter().any(u8::is_ascii_lowercase);
        let is_mixed = is_small && bytes.iter().skip(1).any(u8::is_ascii_uppercase);
        is_mixed || (has_digits && bytes.iter().any(u8::is_ascii_alphabetic))
    }

    fn digit(self, byte: u8) -> Option<u64> {
        let byte = match self {
            Alphabet::HexLower | Alphabet::HexUpper if matches!(byte, b's' | b'S') => b'5',
            Alphabet::HexLower => byte.to_ascii_lowercase(),
            Alphabet::HexUpper => byte.to_ascii_uppercase(),
            _ => LOOK_ALIKES
                .iter()
                .find(|(_, read)| read.contains(&byte))
                .map_or(byte, |(written, _)| *written),
        };
        self.chars()
            .iter()
            .position(|c| *c == byte)
            .map(|p| p as u64)
    }

    /// The digits of a text in which one character stands twice, as two that look alike: programs that recognise
    /// pictures show `S5` for a 5, and `xX` for an X. Copies write only one of the two.
    ///
    /// `None` unless there is exactly one such pair.
    fn digits_of_one_told_twice(self, text: &str) -> Option<Vec<u64>> {
        let bytes = text.as_bytes();
        let mut digits = bytes
            .iter()
            .map(|b| self.digit(*b))
            .collect::<Option<Vec<u64>>>()?;
        let is_written = |at: usize| self.chars().contains(&bytes[at]);
        let mut pairs = (1..bytes.len())
            .filter(|at| digits[at - 1] == digits[*at] && is_written(at - 1) != is_written(*at));
        let pair = pairs.next().filter(|_| pairs.next().is_none())?;
        digits.remove(pair);
        Some(digits)
    }

    /// Characters at the end of a nonce that say nothing new: the last makes up for the others, so that a nonce with one
    /// character exchanged is none. Short ones have no room for it.
    fn checks(self, chars: usize) -> usize {
        usize::from(chars >= CHECKED_MIN)
    }

    /// A sum of digits in which each has a weight of its own that is coprime to the base: powers of two, as the bases
    /// are odd. It is 0 for a whole nonce.
    fn checksum(self, digits: impl Iterator<Item = u64>) -> u64 {
        let base = self.chars().len() as u64;
        digits.fold(0, |sum, digit| (2 * sum + digit) % base)
    }

    /// Characters that one site covers: as many as fit into 2^32 values.
    fn chars_per_site(self) -> usize {
        if self.is_hex() { 8 } else { 6 }
    }
}

/// Nonces of so many characters have a last one that checks the others.
const CHECKED_MIN: usize = 3;

/// How the value of one literal is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ValueForm {
    /// Decimal, or hexadecimal with `0x` where the master writes it so.
    Integer { low: u64, high: u64, hex: bool },
    /// `chars` characters of the alphabet; several sites when they hold more than 2^32 values.
    Nonce { alphabet: Alphabet, chars: usize },
    /// A moment, in whole seconds around the one that the master shows.
    Time(TimeForm),
}

impl ValueForm {
    /// Values of each site that the literal carries.
    pub(crate) fn site_values(&self) -> Vec<u64> {
        match self {
            ValueForm::Integer { low, high, .. } => vec![high - low + 1],
            ValueForm::Nonce { alphabet, chars } => {
                let base = alphabet.chars().len() as u64;
                chunks(*alphabet, *chars)
                    .map(|(_, len)| base.pow(len as u32))
                    .collect()
            }
            ValueForm::Time(form) => vec![form.values],
        }
    }

    /// The literal's text for the symbols of its sites, each below its number of values.
    pub(crate) fn render(&self, symbols: &[u64]) -> String {
        match self {
            ValueForm::Integer { low, hex, .. } => {
                let value = low + symbols.first().copied().unwrap_or(0);
                if *hex {
                    format!("0x{value:x}")
                } else {
                    value.to_string()
                }
            }
            ValueForm::Nonce { alphabet, chars } => {
                let base = alphabet.chars().len() as u64;
                let mut digits = Vec::with_capacity(*chars);
                for ((_, len), symbol) in chunks(*alphabet, *chars).zip(symbols) {
                    let places = (0..len).rev();
                    digits.extend(places.map(|place| (symbol / base.pow(place as u32)) % base));
                }
                if alphabet.checks(*chars) > 0 {
                    let sum = 2 * alphabet.checksum(digits.iter().copied()) % base;
                    digits.push((base - sum) % base);
                }
                let shown = digits.iter().map(|digit| alphabet.chars()[*digit as usize]);
                shown.map(char::from).collect()
            }
            ValueForm::Time(form) => form.render(symbols.first().copied().unwrap_or(0)),
        }
    }

    /// Whether a master may say `text` here: it need not be a value that copies show.
    pub(crate) fn fits(&self, text: &str) -> bool {
        match self {
            ValueForm::Nonce { alphabet, chars } => {
                text.len() == *chars && text.bytes().all(|byte| alphabet.holds(byte))
            }
            ValueForm::Integer { .. } | ValueForm::Time(_) => self.parse(text).is_some(),
        }
    }

    /// The symbols that `text` shows, if it is a value of this form.
    pub(crate) fn parse(&self, text: &str) -> Option<Vec<u64>> {
        match self {
            ValueForm::Integer { low, high, .. } => {
                let value = integer(text)?;
                (*low..=*high).contains(&value).then(|| vec![value - low])
            }
            ValueForm::Nonce { alphabet, chars } => {
                let has_check = alphabet.checks(*chars) > 0;
                let digits: Vec<u64> = match text.len().checked_sub(*chars)? {
                    0 => text.bytes().map(|b| alphabet.digit(b)).collect(),
                    1 if has_check => alphabet.digits_of_one_told_twice(text),
                    _ => None,
                }?;
                if has_check && alphabet.checksum(digits.iter().copied()) != 0 {
                    return None;
                }
                let base = alphabet.chars().len() as u64;
                let symbols = chunks(*alphabet, *chars).map(|(start, len)| {
                    let own = &digits[start..start + len];
                    own.iter().fold(0, |symbol, digit| symbol * base + digit)
                });
                Some(symbols.collect())
            }
            ValueForm::Time(form) => form.parse(text).map(|symbol| vec![symbol]),
        }
    }
}

/// (start, length) of the characters of each site.
fn chunks(alphabet: Alphabet, chars: usize) -> impl Iterator<Item = (usize, usize)> {
    let step = alphabet.chars_per_site();
    let chars = chars - alphabet.checks(chars);
    (0..chars)
        .step_by(step)
        .map(move |start| (start, step.min(chars - start)))
}

/// A decimal or `0x` integer, without sign or separators, below 2^63.
pub(crate) fn integer(text: &str) -> Option<u64> {
    let value = if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        if hex.is_empty() || hex.len() > 16 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        u64::from_str_radix(hex, 16).ok()?
    } else {
        if text.is_empty() || text.len() > 19 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        text.parse().ok()?
    };
    (value < 1 << 63).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_renders_and_reads_back_at_both_ends() {
        for (alphabet, chars) in [
            (Alphabet::HexLower, 8),
            (Alphabet::HexUpper, 16),
            (Alphabet::Alnum, 7),
            (Alphabet::Alnum, 12),
            (Alphabet::Base64, 8),
            (Alphabet::Base64Url, 12),
        ] {
            let form = ValueForm::Nonce { alphabet, chars };
            let values = form.site_values();
            assert!(values.iter().all(|v| (2..=1 << 32).contains(v)));
            let top: Vec<u64> = values.iter().map(|v| v - 1).collect();
            for symbols in [vec![0; values.len()], top] {
                let text = form.render(&symbols);
                assert_eq!(text.len(), chars);
                assert_eq!(form.parse(&text), Some(symbols));
            }
        }
    }

    #[test]
    fn what_looks_alike_is_read_as_what_is_written_and_nothing_is_written_twice() {
        for alphabet in [
            Alphabet::HexLower,
            Alphabet::HexUpper,
            Alphabet::Base64,
            Alphabet::Alnum,
        ] {
            for (symbol, byte) in (0..).zip(alphabet.chars()) {
                assert_eq!(alphabet.digit(*byte), Some(symbol));
                assert!(alphabet.holds(*byte));
            }
        }
        let form = |alphabet, chars| ValueForm::Nonce { alphabet, chars };
        let shown = form(Alphabet::Alnum, 6);
        let written = shown.render(&[4_001_234]);
        assert_eq!(written, "FRFUh6");
        assert_eq!(shown.parse("fRFuhG"), Some(vec![4_001_234]));
        assert_eq!(shown.parse("FrFUh6"), None, "`r` is a letter of its own");
        // `1`, `I` and `l` look alike too, and only one letter is written of them.
        assert_eq!(shown.parse("FRFUh1"), None);
        let hex = form(Alphabet::HexLower, 4);
        let written = hex.render(&[1_234]);
        assert_eq!(hex.parse(&written.replace('5', "S")), Some(vec![1_234]));
        assert!(hex.fits("0a18") && !hex.fits("0a1x"));
    }

    #[test]
    fn a_character_that_a_picture_showed_twice_counts_once_and_only_where_it_looks_like_another() {
        let form = |alphabet, chars| ValueForm::Nonce { alphabet, chars };
        let hex = form(Alphabet::HexLower, 8);
        let written = hex.render(&[11_223_344]);
        assert_eq!(written, "a6ba5f2a");
        let value = Some(vec![11_223_344]);
        for shown in ["a6baS5f2a", "a6ba5Sf2a", "a6ba5f2aA"] {
            assert_eq!(hex.parse(shown), value, "{shown}");
        }
        for shown in [
            "a6ba55f2a",
            "a6ba5f2aa",
            "aa6ba5f2a",
            "a6baSSf2a",
            "Aa6ba5Sf2",
        ] {
            assert_eq!(hex.parse(shown), None, "{shown}");
        }
        assert_eq!(
            form(Alphabet::HexLower, 2).parse("aA5"),
            None,
            "nothing checks it"
        );
        let alnum = form(Alphabet::Alnum, 6);
        assert_eq!(alnum.render(&[4_001_234]), "FRFUh6");
        assert_eq!(alnum.parse("FRFuUh6"), Some(vec![4_001_234]));
        assert_eq!(alnum.parse("FRFUh6h"), None);
    }

    #[test]
    fn a_nonce_with_one_character_exchanged_is_none() {
        for (alphabet, chars) in [
            (Alphabet::HexLower, 8),
            (Alphabet::HexUpper, 16),
            (Alphabet::HexLower, 3),
            (Alphabet::Alnum, 12),
            (Alphabet::Base64, 24),
        ] {
            let form = ValueForm::Nonce { alphabet, chars };
            let symbols: Vec<u64> = form.site_values().iter().map(|v| v / 3).collect();
            let text = form.render(&symbols);
            assert_eq!(form.parse(&text), Some(symbols));
            for at in 0..chars {
                for other in alphabet.chars() {
                    let mut bytes = text.clone().into_bytes();
                    let same = bytes[at] == *other;
                    bytes[at] = *other;
                    let found = form.parse(std::str::from_utf8(&bytes).unwrap());
                    assert_eq!(found.is_some(), same, "{text} {at}");
                }
            }
        }
    }

    #[test]
    fn words_and_numbers_do_not_look_random() {
        for word in ["database", "feedface", "20261207", "Unknown", "UNKNOWN"] {
            assert!(!Alphabet::Alnum.is_random(word));
            assert!(!Alphabet::HexLower.is_random(word));
        }
        assert!(Alphabet::HexLower.is_random("c42d9e7a"));
        assert!(Alphabet::Alnum.is_random("NHdrVtWLRA7b"));
        assert!(Alphabet::Alnum.is_random("NHdrVtWLRAnb"));
    }

    #[test]
    fn an_integer_outside_its_range_is_no_value() {
        let form = ValueForm::Integer {
            low: 240,
            high: 320,
            hex: false,
        };
        assert_eq!(form.site_values(), [81]);
        assert_eq!(form.parse("240"), Some(vec![0]));
        assert_eq!(form.parse("0x140"), Some(vec![80]));
        assert_eq!(form.parse("239"), None);
        assert_eq!(form.parse("321"), None);
        assert_eq!(form.parse("99999999999999999999999"), None);
    }
}
