//! Characters that look alike become one.

use unicode_normalization::UnicodeNormalization as _;

/// NFKC, without default-ignorable characters, with quotes, dashes, spaces and look-alike letters folded.
/// Case is kept: nonces may need it. Line breaks become `\n`.
pub(crate) fn normalise(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    if text.is_ascii() {
        push_folded(text.chars(), &mut out);
    } else {
        push_folded(text.nfkc(), &mut out);
    }
    out
}

fn push_folded(chars: impl Iterator<Item = char>, out: &mut String) {
    let mut after_return = false;
    for c in chars {
        if after_return && c == '\n' {
            after_return = false;
            continue;
        }
        after_return = c == '\r';
        if let Some(c) = fold(c) {
            out.push(c);
        }
    }
}

/// `None` for characters that nobody sees.
fn fold(c: char) -> Option<char> {
    if c.is_ascii() {
        return match c {
            '\r' => Some('\n'),
            '\t' | '\u{b}' | '\u{c}' => Some(' '),
            '`' => Some('`'),
            '\n' => Some('\n'),
            c if c.is_ascii_control() => None,
            c => Some(c),
        };
    }
    if is_ignorable(c) {
        return None;
    }
    Some(match c {
        '\u{2018}'..='\u{201b}'
        | '\u{2032}'
        | '\u{2035}'
        | '\u{2b9}'
        | '\u{2bb}'..='\u{2bd}'
        | '\u{b4}'
        | '\u{2039}'
        | '\u{203a}' => '\'',
        '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{2036}' | '\u{ab}' | '\u{bb}' | '\u{2ba}' => '"',
        '\u{2010}'..='\u{2015}'
        | '\u{2212}'
        | '\u{2043}'
        | '\u{2e3a}'
        | '\u{2e3b}'
        | '\u{fe58}' => '-',
        '\u{2028}' | '\u{2029}' | '\u{85}' => '\n',
        '\u{2022}' | '\u{2023}' | '\u{25cf}' | '\u{25aa}' | '\u{25e6}' | '\u{b7}' => '*',
        '\u{2044}' | '\u{2215}' => '/',
        c if c.is_whitespace() => ' ',
        c if c.is_control() => return None,
        c => look_alike(c),
    })
}

/// Unicode's Default_Ignorable_Code_Point.
fn is_ignorable(c: char) -> bool {
    matches!(u32::from(c),
        0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
        | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
        | 0xFFF0..=0xFFFB | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

/// Cyrillic and Greek letters that are drawn as Latin ones.
fn look_alike(c: char) -> char {
    const FROM: &str = "аеорсухіјѕԁһӏԛԝАВЕКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧονı";
    const TO: &str = "aeopcyxijsdhlqwABEKMHOPCTYXIJSABEZHIKMNOPTYXovi";
    FROM.chars()
        .zip(TO.chars())
        .find(|(from, _)| *from == c)
        .map_or(c, |(_, to)| to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_dashes_spaces_and_invisible_characters_fold() {
        assert_eq!(
            normalise(
                "\u{feff}It\u{2019}s \u{201c}a\u{200b}b\u{201d}\u{a0}\u{2014} \u{fb01}x\r\nоk"
            ),
            "It's \"ab\" - fix\nok"
        );
    }

    #[test]
    fn the_look_alike_tables_have_one_length() {
        assert_eq!(look_alike('і'), 'i');
        assert_eq!(look_alike('ı'), 'i');
        assert_eq!(look_alike('ж'), 'ж');
    }
}
