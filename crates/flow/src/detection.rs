//! Detection content of a case for sensors: what its copies' marks look like in traffic, without a name.
//!
//! Who sees it learns that certain values matter, and nothing of whose they are, nor of which case:
//! the reference is derived from the case's key.

use std::collections::BTreeMap;
use std::fmt;

use carriers::Strength;
use carriers::watch::Token;
use serde::{Deserialize, Serialize};

use crate::book::Book;

/// First line of a list of tokens.
const LIST_HEAD: &str = "# headstart tokens 1 ";
/// First local rule number of Suricata and Snort that is ours.
const SID_FIRST: u64 = 1_000_000;
/// Local rule numbers end here.
const SID_END: u64 = 1_999_999;
/// Most tokens of one detection.
pub const TOKENS_MAX: usize = 200_000;

/// Name of a case's detection content, for sensors: it tells the program which case, and nobody else anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reference(String);

impl Reference {
    /// The reference of a pressed case.
    pub fn of(book: &Book) -> Self {
        let salt = book.secret().salt("detection reference");
        let hex: String = salt.iter().take(6).map(|b| format!("{b:02x}")).collect();
        Self(format!("W-{hex}"))
    }

    /// Reads a reference: `W-` and twelve hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("W-")?;
        let is_right = hex.len() == 12
            && hex
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        is_right.then(|| Self(text.to_owned()))
    }

    /// The reference as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn number(&self) -> u64 {
        u64::from_str_radix(self.0.get(2..).unwrap_or("0"), 16).unwrap_or(0)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One value that a sensor can look for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// The value.
    pub text: String,
    /// Which mark of the case it belongs to; values of one mark say the same thing.
    pub mark: u32,
    /// How much it says by itself.
    pub strength: Strength,
}

/// What sensors can look for of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// Its name.
    pub reference: Reference,
    /// The values, by text.
    pub known: Vec<Known>,
}

/// A form of detection content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A list for `headstart watch`.
    Tokens,
    /// Suricata and Snort rules.
    Suricata,
    /// A YARA rule.
    Yara,
    /// A Sigma rule.
    Sigma,
    /// A Kusto query.
    Kql,
}

/// The detection content of a pressed case: every seat's functional marks, without saying whose they are.
pub fn detection(book: &Book) -> Detection {
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    for seating in book.seatings() {
        let group = book.partner_key(&seating.partner);
        let slot = book.seat_key(seating);
        let codeword = book.code().codeword(&group, &slot);
        let mut first = 0;
        for entry in book.masters() {
            let sites = entry.master.sites().len();
            let symbols = codeword.get(first..first + sites).unwrap_or_default();
            if seating.artifacts.contains(&entry.artifact) {
                for token in entry.master.tokens(symbols) {
                    if known.len() < TOKENS_MAX {
                        known.entry(token.text.clone()).or_insert(Known {
                            text: token.text,
                            mark: (first + token.site) as u32,
                            strength: token.strength,
                        });
                    }
                }
            }
            first += sites;
        }
    }
    Detection {
        reference: Reference::of(book),
        known: known.into_values().collect(),
    }
}

/// Why a list of tokens cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// Another first line.
    #[error("the list does not begin with `# headstart tokens 1 W-…`")]
    Head,
    /// A line that is no token.
    #[error("line {line} is not `strong` or `weak`, the number of a mark, and a token")]
    Line {
        /// Which, from 1.
        line: usize,
    },
    /// More than [`TOKENS_MAX`].
    #[error("the list has more than {max} tokens")]
    TooMany {
        /// Most allowed.
        max: usize,
    },
}

impl ListError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        "write it anew with `headstart detection CASE --form tokens --out FILE`".into()
    }
}

impl Detection {
    /// Reads what [`Detection::render`] wrote as [`Form::Tokens`].
    ///
    /// # Errors
    /// [`ListError`] names the first wrong line.
    pub fn parse(list: &str) -> Result<Self, ListError> {
        let mut lines = list.lines();
        let reference = lines
            .next()
            .and_then(|head| Reference::parse(head.strip_prefix(LIST_HEAD)?.trim()))
            .ok_or(ListError::Head)?;
        let mut known = Vec::new();
        for (line, text) in (2..).zip(lines) {
            if text.trim().is_empty() || text.starts_with('#') {
                continue;
            }
            if known.len() >= TOKENS_MAX {
                return Err(ListError::TooMany { max: TOKENS_MAX });
            }
            let wrong = ListError::Line { line };
            let mut words = text.split(' ');
            let (Some(strength), Some(mark), Some(token), None) =
                (words.next(), words.next(), words.next(), words.next())
            else {
                return Err(wrong);
            };
            let strength = match strength {
                "strong" => Strength::Strong,
                "weak" => Strength::Weak,
                _ => return Err(wrong),
            };
            let Ok(mark) = mark.parse() else {
                return Err(wrong);
            };
            if Token::new(token).is_err() {
                return Err(wrong);
            }
            known.push(Known {
                text: token.to_owned(),
                mark,
                strength,
            });
        }
        Ok(Self { reference, known })
    }

    /// The values that say enough alone.
    pub fn strong(&self) -> impl Iterator<Item = &str> {
        self.of(Strength::Strong)
    }

    /// The values that say enough only beside another mark.
    pub fn weak(&self) -> impl Iterator<Item = &str> {
        self.of(Strength::Weak)
    }

    fn of(&self, strength: Strength) -> impl Iterator<Item = &str> {
        let those = self.known.iter().filter(move |k| k.strength == strength);
        those.map(|known| known.text.as_str())
    }

    /// Whether the form can say anything: all but the list and YARA need a value that is enough alone.
    pub fn is_enough_for(&self, form: Form) -> bool {
        match form {
            Form::Tokens | Form::Yara => !self.known.is_empty(),
            Form::Suricata | Form::Sigma | Form::Kql => self.strong().next().is_some(),
        }
    }

    /// The content in a form. It holds no name of a partner, a seat, a case, a product or a file.
    pub fn render(&self, form: Form) -> String {
        match form {
            Form::Tokens => self.list(),
            Form::Suricata => self.suricata(),
            Form::Yara => self.yara(),
            Form::Sigma => self.sigma(),
            Form::Kql => self.kql(),
        }
    }

    fn list(&self) -> String {
        let mut text = format!("{LIST_HEAD}{}\n", self.reference);
        for known in &self.known {
            let strength = match known.strength {
                Strength::Strong => "strong",
                Strength::Weak => "weak",
            };
            text += &format!("{strength} {} {}\n", known.mark, known.text);
        }
        text
    }

    /// One rule a value: the longest match first, then that it stands alone.
    fn suricata(&self) -> String {
        let reference = &self.reference;
        let mut text = format!(
            "# {reference}: values that only copies under embargo hold. A match is a sighting; report it with its record.\n"
        );
        let room = SID_END - SID_FIRST;
        let first = SID_FIRST + self.reference.number() % room;
        for (number, value) in (0..).zip(self.strong()) {
            let sid = SID_FIRST + (first - SID_FIRST + number) % room;
            let is_hex = value.bytes().all(|b| b.is_ascii_hexdigit());
            let (fold, own) = if is_hex {
                (" nocase;", "0-9a-fA-F")
            } else {
                ("", "0-9A-Za-z")
            };
            let alone = if value.len() < 16 {
                let flags = if is_hex { "i" } else { "" };
                format!(
                    " pcre:\"/(?:^|%[0-9A-Fa-f]{{2}}|[^{own}]){}(?![{own}])/{flags}\";",
                    pcre(value)
                )
            } else {
                String::new()
            };
            text += &format!(
                "alert tcp any any -> any any (msg:\"{reference} sighting\"; content:\"{}\";{fold} fast_pattern;{alone} classtype:misc-activity; sid:{sid}; rev:1;)\n",
                content(value),
            );
        }
        text
    }

    fn yara(&self) -> String {
        let name = self.reference.as_str().replace('-', "_");
        let mut text = format!(
            "rule {name}\n{{\n    meta:\n        description = \"values that only copies under embargo hold\"\n        reference = \"{}\"\n    strings:\n",
            self.reference
        );
        let quoted = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"");
        for (number, value) in self.strong().enumerate() {
            let fold = if value.bytes().all(|b| b.is_ascii_hexdigit()) {
                " nocase"
            } else {
                ""
            };
            text += &format!(
                "        $n{number} = \"{}\" ascii wide fullword{fold}\n",
                quoted(value)
            );
        }
        for (number, value) in self.weak().enumerate() {
            text += &format!("        $w{number} = \"{}\" ascii wide\n", quoted(value));
        }
        let has = |mut values: Box<dyn Iterator<Item = &str> + '_>| values.next().is_some();
        let condition = match (has(Box::new(self.strong())), self.weak().count() >= 2) {
            (true, true) => "any of ($n*) or 2 of ($w*)",
            (true, false) => "any of ($n*)",
            (false, true) => "2 of ($w*)",
            (false, false) => "any of them",
        };
        text += &format!("    condition:\n        {condition}\n}}\n");
        text
    }

    fn sigma(&self) -> String {
        let reference = self.reference.as_str();
        let digits = reference.get(2..).unwrap_or_default();
        let mut text = format!(
            "title: Sighting {reference}\nid: {digits:0<8.8}-0000-4000-8000-{digits}\nstatus: experimental\ndescription: Values that only copies under embargo hold. A match is a sighting; report it with its record.\nlogsource:\n    category: webserver\ndetection:\n    keywords:\n"
        );
        for value in self.strong() {
            text += &format!("        - '{}'\n", value.replace('\'', "''"));
        }
        text += "    condition: keywords\nfalsepositives:\n    - None known\nlevel: high\n";
        text
    }

    fn kql(&self) -> String {
        let values: Vec<String> = self
            .strong()
            .map(|value| {
                format!(
                    "    \"{}\"",
                    value.replace('\\', "\\\\").replace('"', "\\\"")
                )
            })
            .collect();
        format!(
            "// {}: values that only copies under embargo hold. A match is a sighting; report it with its record.\nlet tokens = dynamic([\n{}\n]);\nunion isfuzzy=true\n    (CommonSecurityLog | extend shown = strcat(RequestURL, \" \", RequestContext, \" \", AdditionalExtensions)),\n    (W3CIISLog | extend shown = strcat(csUriStem, \" \", csUriQuery, \" \", csCookie, \" \", csUserAgent))\n| where shown has_any (tokens)\n",
            self.reference,
            values.join(",\n"),
        )
    }
}

/// A value within `content:"…"`: what has a meaning there is written in hexadecimal.
fn content(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'"' | b';' | b':' | b'\\' | b'|' => format!("|{byte:02x}|"),
            0x21..=0x7e => char::from(byte).to_string(),
            _ => format!("|{byte:02x}|"),
        })
        .collect()
}

/// A value within a regular expression between slashes and quotes.
fn pcre(value: &str) -> String {
    value
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("\\x{byte:02x}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Detection {
        let known = |text: &str, mark, strength| Known {
            text: text.to_owned(),
            mark,
            strength,
        };
        Detection {
            reference: Reference::parse("W-0123456789ab").unwrap(),
            known: vec![
                known("a+b/c1Zq==", 3, Strength::Strong),
                known("c41d9e7a", 1, Strength::Strong),
                known("tile-cache.png", 2, Strength::Weak),
            ],
        }
    }

    #[test]
    fn a_list_is_read_back_as_it_was_written() {
        let detection = sample();
        let list = detection.render(Form::Tokens);
        assert_eq!(Detection::parse(&list).unwrap(), detection);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let list = "# headstart tokens 1 W-0123456789ab\nstrong 1 c41d9e7a\nstrong x c41d9e7b\n";
        assert_eq!(Detection::parse(list), Err(ListError::Line { line: 3 }));
        assert_eq!(Detection::parse("tokens"), Err(ListError::Head));
    }

    #[test]
    fn what_has_a_meaning_in_a_rule_is_written_in_hexadecimal() {
        assert_eq!(content("a:b\"c"), "a|3a|b|22|c");
        let rules = sample().render(Form::Suricata);
        assert_eq!(rules.lines().count(), 3, "{rules}");
        assert!(rules.contains("content:\"c41d9e7a\"; nocase;"), "{rules}");
        assert!(
            !rules.contains("tile-cache"),
            "a weak value is no rule alone"
        );
    }
}
