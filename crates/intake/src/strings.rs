//! The printable strings of a binary file: what a program shows that was built from a leak.

/// Shortest run of characters that counts as a string.
const RUN_MIN: usize = 6;

/// Runs of at least six printable ASCII characters, one a line, also those of two bytes each.
pub fn strings(bytes: &[u8]) -> String {
    let mut out = String::new();
    runs(bytes.iter().copied(), &mut out);
    for start in 0..2 {
        let pairs = bytes.get(start..).unwrap_or_default().chunks_exact(2);
        // A pair that is no Latin character ends a run.
        runs(
            pairs.map(|pair| match pair {
                [low, 0] => *low,
                _ => 0,
            }),
            &mut out,
        );
    }
    out
}

fn runs(bytes: impl Iterator<Item = u8>, out: &mut String) {
    let mut run = String::new();
    for byte in bytes.chain([0]) {
        if byte == b'\t' || byte == b' ' || byte.is_ascii_graphic() {
            run.push(char::from(byte));
            continue;
        }
        if run.len() >= RUN_MIN {
            out.push_str(&run);
            out.push('\n');
        }
        run.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_one_and_of_two_bytes_are_found() {
        let mut bytes = b"\x7fELF\0\x01ticket=c41d9e7a\0\x02abc\0\0\0".to_vec();
        bytes.extend("wide text".encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(strings(&bytes), "ticket=c41d9e7a\nwide text\n");
    }
}
