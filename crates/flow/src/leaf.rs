//! What the leaves of the log commit to, as canonical text: one `word value` a line, in a fixed order.
//!
//! A leaf in the log is only the salted digest of such a text, so nobody reads a partner, a title or a mark from it.
//! The text and its salt are kept where only the program key opens them, and are shown in evidence.

use std::fmt::Write;

use domain::chain::Link;
use domain::ids::{ArtifactId, CaseId, PartnerId, SeatId};
use domain::sealed::Digest;
use jiff::Timestamp;

use crate::keys::Seed;

/// Longest text of a leaf, in bytes: a roster of as many partners as a program may have, with room to spare.
pub const LEAF_BYTES_MAX: usize = 256 * 1024;

/// The commitment to a case's secret, logged before anything is derived from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretLeaf {
    /// The case.
    pub case: CaseId,
    /// Digest of the secret, as [`fingerprint::Key::commitment`] makes it.
    pub secret: Digest,
}

/// The commitment to a case's code, before any copy is given.
#[derive(Debug, Clone, PartialEq)]
pub struct CodeLeaf {
    /// The case.
    pub case: CaseId,
    /// Digest of the secret.
    pub secret: Digest,
    /// What was mixed in at the first press, [`crate::beacon`].
    pub beacon: Digest,
    /// Digest of the code's canonical bytes: biases, layers, site map.
    pub code: Digest,
    /// Version of the decoder whose verdicts count.
    pub decoder: String,
    /// The accepted risk for a whole trace.
    pub innocent_risk: f64,
    /// The digests of the masters, in the order of their sites: [`crate::book::BookMaster::digest`].
    pub masters: Vec<(ArtifactId, Digest)>,
}

/// The commitment to who gets copies at a press, and to the seeds of their keys: logged before the value is known
/// that is mixed into them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterLeaf {
    /// The case.
    pub case: CaseId,
    /// Which press of the case it is, and the entry of the roster before it.
    pub press: Link,
    /// Digest of the entry that lists the witnesses whose cosignatures are mixed in; `None` without witnesses.
    pub witnesses: Option<Digest>,
    /// Digest of the masters and of the bar: [`text_digest`].
    pub text: Digest,
    /// Root of the tree of seeds of this press, [`crate::seeds`].
    pub seeds: Digest,
    /// How many seats of each partner have copies after this press, in the order of the engine's group numbers.
    pub sizes: Vec<u32>,
}

/// Whose seed it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A partner's, for the layer that its seats share.
    Partner,
    /// A seat's.
    Seat {
        /// The seat.
        seat: SeatId,
        /// The number of its copy.
        slot: u32,
    },
}

/// An entry of a press's tree of seeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedLeaf {
    /// The case.
    pub case: CaseId,
    /// The partner.
    pub partner: PartnerId,
    /// The engine's number of the partner.
    pub group: u32,
    /// Whose seed it is.
    pub owner: Owner,
    /// The seed.
    pub seed: Seed,
}

/// The commitment to one seat's package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageLeaf {
    /// The case.
    pub case: CaseId,
    /// The seat's partner.
    pub partner: PartnerId,
    /// The seat.
    pub seat: SeatId,
    /// Where the leaf stands in the seat's chain.
    pub link: Link,
    /// Digest of the entry of the roster that was logged with this press, as [`domain::chain::entry_digest`] makes it.
    pub roster: Digest,
    /// Digest of the code.
    pub code: Digest,
    /// Commitment to the key of the partner's layer.
    pub partner_key: Digest,
    /// Commitment to the key of the seat's layer.
    pub seat_key: Digest,
    /// The digests of the marked copies.
    pub copies: Vec<(ArtifactId, Digest)>,
    /// Digest of the sealed package, as it is given out.
    pub package: Digest,
}

/// The record that a seat fetched a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptLeaf {
    /// The case.
    pub case: CaseId,
    /// The seat's partner.
    pub partner: PartnerId,
    /// The seat.
    pub seat: SeatId,
    /// Where the leaf stands in the seat's chain.
    pub link: Link,
    /// Digest of the sealed package.
    pub package: Digest,
    /// When the fetch was granted.
    pub at: Timestamp,
}

/// The list of the log's witnesses, as the program named them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchLeaf {
    /// The number of the program's event that changed it, so that no two lists share an entry.
    pub change: u64,
    /// How many must have cosigned before anything opens.
    pub needed: u32,
    /// Their verifier keys, in the order in which they were named.
    pub witnesses: Vec<String>,
}

/// A leaf's text that is not the canonical form of anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Longer than [`LEAF_BYTES_MAX`].
    #[error("the text of a leaf has {size_bytes} bytes, and the limit is {LEAF_BYTES_MAX}")]
    TooLong {
        /// Its length.
        size_bytes: usize,
    },
    /// A line is not what it should be.
    #[error("leaf text: expected `{expected}` on line {line}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// The word that should stand there.
        expected: &'static str,
    },
}

const SECRET: &str = "headstart secret v1";
const CODE: &str = "headstart code v2";
const ROSTER: &str = "headstart roster v2";
const SEED: &str = "headstart seed v1";
/// The first line of what a package's entry commits to.
pub const PACKAGE: &str = "headstart package v3";
/// The first line of what a receipt's entry commits to.
pub const RECEIPT: &str = "headstart receipt v2";
/// What stands for a digest where there is none.
const NOTHING: &str = "nothing";
const WITNESSES: &str = "headstart witnesses v1";

impl SecretLeaf {
    /// The canonical text.
    pub fn to_text(&self) -> String {
        format!("{SECRET}\ncase {}\nsecret {}\n", self.case, self.secret)
    }

    /// Reads the canonical text; anything else is an error.
    ///
    /// # Errors
    /// [`LeafError`] with the first line that is not as [`SecretLeaf::to_text`] writes it.
    pub fn parse(text: &str) -> Result<Self, LeafError> {
        let mut lines = Lines::of(text, SECRET)?;
        let leaf = Self {
            case: lines.value("case")?,
            secret: lines.digest("secret")?,
        };
        lines.same_as(&leaf.to_text(), leaf)
    }
}

impl WatchLeaf {
    /// The canonical text.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "{WITNESSES}\nchange {}\nquorum {}\n",
            self.change, self.needed
        );
        for witness in &self.witnesses {
            writeln!(text, "witness {witness}").expect("writing to a string does not fail");
        }
        text
    }

    /// Reads the canonical text; anything else is an error.
    ///
    /// # Errors
    /// [`LeafError`] with the first line that is not as [`WatchLeaf::to_text`] writes it.
    pub fn parse(text: &str) -> Result<Self, LeafError> {
        let mut lines = Lines::of(text, WITNESSES)?;
        let leaf = Self {
            change: lines.value("change")?,
            needed: lines.value("quorum")?,
            witnesses: lines.values("witness")?,
        };
        lines.same_as(&leaf.to_text(), leaf)
    }
}

impl CodeLeaf {
    /// The canonical text.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "{CODE}\ncase {}\nsecret {}\nbeacon {}\ncode {}\ndecoder {}\nrisk {:e}\n",
            self.case, self.secret, self.beacon, self.code, self.decoder, self.innocent_risk
        );
        push_list(&mut text, "master", &self.masters);
        text
    }

    /// Reads the canonical text; anything else is an error.
    ///
    /// # Errors
    /// [`LeafError`] with the first line that is not as [`CodeLeaf::to_text`] writes it.
    pub fn parse(text: &str) -> Result<Self, LeafError> {
        let mut lines = Lines::of(text, CODE)?;
        let leaf = Self {
            case: lines.value("case")?,
            secret: lines.digest("secret")?,
            beacon: lines.digest("beacon")?,
            code: lines.digest("code")?,
            decoder: lines.text("decoder")?.to_owned(),
            innocent_risk: lines.risk("risk")?,
            masters: lines.list("master")?,
        };
        lines.same_as(&leaf.to_text(), leaf)
    }
}

impl RosterLeaf {
    /// The canonical text.
    pub fn to_text(&self) -> String {
        let witnesses = match self.witnesses {
            Some(digest) => digest.to_string(),
            None => NOTHING.to_owned(),
        };
        let mut text = format!(
            "{ROSTER}\ncase {}\npress {}\nwitnesses {witnesses}\ntext {}\nseeds {}\n",
            self.case, self.press, self.text, self.seeds
        );
        for size in &self.sizes {
            writeln!(text, "size {size}").expect("writing to a string does not fail");
        }
        text
    }

    /// Reads the canonical text; anything else is an error.
    ///
    /// # Errors
    /// [`LeafError`] with the first line that is not as [`RosterLeaf::to_text`] writes it.
    pub fn parse(text: &str) -> Result<Self, LeafError> {
        let mut lines = Lines::of(text, ROSTER)?;
        let leaf = Self {
            case: lines.value("case")?,
            press: lines.value("press")?,
            witnesses: match lines.text("witnesses")? {
                NOTHING => None,
                digest => Some(Digest::parse(digest).ok_or(lines.wrong("witnesses"))?),
            },
            text: lines.digest("text")?,
            seeds: lines.digest("seeds")?,
            sizes: lines.values("size")?,
        };
        lines.same_as(&leaf.to_text(), leaf)
    }
}

impl SeedLeaf {
    /// The canonical text. It holds the seed: it is shown only where the key may be made.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "{SEED}\ncase {}\npartner {}\ngroup {}\n",
            self.case, self.partner, self.group
        );
        if let Owner::Seat { seat, slot } = &self.owner {
            write!(text, "seat {seat}\nslot {slot}\n").expect("writing to a string does not fail");
        }
        let seed = Digest::from_bytes(*self.seed.expose());
        writeln!(text, "seed {seed}").expect("writing to a string does not fail");
        text
    }

    /// Reads the canonical text; anything else is an error.
    ///
    /// # Errors
    /// [`LeafError`] with the first line that is not as [`SeedLeaf::to_text`] writes it.
    pub fn parse(text: &str) -> Result<Self, LeafError> {
        let mut lines = Lines::of(text, SEED)?;
        let leaf = Self {
            case: lines.value("case")?,
            partner: lines.value("partner")?,
            group: lines.value("group")?,
            owner: if lines.stands_next("seat") {
                Owner::Seat {
                    seat: lines.value("seat")?,
                    slot: lines.value("slot")?,
                }
            } else {
                Owner::Partner
            },
            seed: Seed::from_bytes(*lines.digest("seed")?.as_bytes()),
        };
        lines.same_as(&leaf.to_text(), leaf)
    }
}

impl PackageLeaf {
    /// The canonical text.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "{PACKAGE}\ncase {}\npartner {}\nseat {}\nlink {}\nroster {}\ncode {}\npartner-key {}\nseat-key {}\n",
            self.case,
            self.partner,
            self.seat,
            self.link,
            self.roster,
            self.code,
            self.partner_key,
            self.seat_key
        );
        push_list(&mut text, "copy", &self.copies);
        writeln!(text, "package {}", self.package).expect("writing to a string does not fail");
        text
    }

    /// Reads the canonical text; anything else is an error.
    ///
    /// # Errors
    /// [`LeafError`] with the first line that is not as [`PackageLeaf::to_text`] writes it.
    pub fn parse(text: &str) -> Result<Self, LeafError> {
        let mut lines = Lines::of(text, PACKAGE)?;
        let leaf = Self {
            case: lines.value("case")?,
            partner: lines.value("partner")?,
            seat: lines.value("seat")?,
            link: lines.value("link")?,
            roster: lines.digest("roster")?,
            code: lines.digest("code")?,
            partner_key: lines.digest("partner-key")?,
            seat_key: lines.digest("seat-key")?,
            copies: lines.list("copy")?,
            package: lines.digest("package")?,
        };
        lines.same_as(&leaf.to_text(), leaf)
    }
}

impl PackageLeaf {
    /// The lines that the package's own manifest carries: all but the first, and the package's digest, which nobody
    /// knows before the manifest is written.
    pub fn manifest_lines(&self) -> Vec<String> {
        let text = self.to_text();
        let lines = text.lines().skip(1);
        let of_package = |line: &&str| !line.starts_with("package ");
        lines.filter(of_package).map(str::to_owned).collect()
    }

    /// The leaf, from the lines that its package's manifest carries, and the package's digest.
    ///
    /// # Errors
    /// [`LeafError`] as for [`PackageLeaf::parse`].
    pub fn from_manifest_lines<'a>(
        lines: impl IntoIterator<Item = &'a str>,
        package: Digest,
    ) -> Result<Self, LeafError> {
        let mut text = format!("{PACKAGE}\n");
        for line in lines {
            if text.len() > LEAF_BYTES_MAX {
                break;
            }
            text.push_str(line);
            text.push('\n');
        }
        writeln!(text, "package {package}").expect("writing to a string does not fail");
        Self::parse(&text)
    }
}

impl ReceiptLeaf {
    /// The canonical text.
    pub fn to_text(&self) -> String {
        format!(
            "{RECEIPT}\ncase {}\npartner {}\nseat {}\nlink {}\npackage {}\nat {}\n",
            self.case, self.partner, self.seat, self.link, self.package, self.at
        )
    }

    /// Reads the canonical text; anything else is an error.
    ///
    /// # Errors
    /// [`LeafError`] with the first line that is not as [`ReceiptLeaf::to_text`] writes it.
    pub fn parse(text: &str) -> Result<Self, LeafError> {
        let mut lines = Lines::of(text, RECEIPT)?;
        let leaf = Self {
            case: lines.value("case")?,
            partner: lines.value("partner")?,
            seat: lines.value("seat")?,
            link: lines.value("link")?,
            package: lines.digest("package")?,
            at: lines.value("at")?,
        };
        lines.same_as(&leaf.to_text(), leaf)
    }
}

/// What a roster says of the text that is marked: SHA-256 of the bar and of each master's digest, in order.
///
/// Whoever wrote masters, or chose the bar, once the codewords are known could leave out the sites at which two copies
/// differ.
pub fn text_digest(masters: &[(ArtifactId, Digest)], innocent_risk: f64) -> Digest {
    let mut text = format!("headstart text v1\nrisk {innocent_risk:e}\n");
    push_list(&mut text, "master", masters);
    Digest::of(text.as_bytes())
}

fn push_list(text: &mut String, word: &str, list: &[(ArtifactId, Digest)]) {
    for (artifact, digest) in list {
        writeln!(text, "{word} {artifact} {digest}").expect("writing to a string does not fail");
    }
}

/// Reads `word value` lines in order.
struct Lines<'a> {
    whole: &'a str,
    rest: std::iter::Peekable<std::str::Lines<'a>>,
    line: usize,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str, heading: &'static str) -> Result<Self, LeafError> {
        if text.len() > LEAF_BYTES_MAX {
            return Err(LeafError::TooLong {
                size_bytes: text.len(),
            });
        }
        let mut rest = text.lines().peekable();
        if rest.next() != Some(heading) {
            return Err(LeafError::Line {
                line: 1,
                expected: heading,
            });
        }
        Ok(Self {
            whole: text,
            rest,
            line: 1,
        })
    }

    fn text(&mut self, word: &'static str) -> Result<&'a str, LeafError> {
        self.line += 1;
        self.rest
            .next()
            .and_then(|line| line.strip_prefix(word)?.strip_prefix(' '))
            .ok_or(self.wrong(word))
    }

    fn value<T: std::str::FromStr>(&mut self, word: &'static str) -> Result<T, LeafError> {
        let text = self.text(word)?;
        text.parse().map_err(|_| self.wrong(word))
    }

    /// A risk between 0 and 1: with any other, and above all with `NaN`, no bar would be too loose.
    fn risk(&mut self, word: &'static str) -> Result<f64, LeafError> {
        let risk: f64 = self.value(word)?;
        if risk > 0.0 && risk < 1.0 {
            Ok(risk)
        } else {
            Err(self.wrong(word))
        }
    }

    fn digest(&mut self, word: &'static str) -> Result<Digest, LeafError> {
        let text = self.text(word)?;
        Digest::parse(text).ok_or(self.wrong(word))
    }

    fn stands_next(&mut self, word: &str) -> bool {
        self.rest
            .peek()
            .is_some_and(|line| line.split(' ').next() == Some(word))
    }

    fn values<T: std::str::FromStr>(&mut self, word: &'static str) -> Result<Vec<T>, LeafError> {
        let mut values = Vec::new();
        while self.stands_next(word) {
            values.push(self.value(word)?);
        }
        Ok(values)
    }

    fn list(&mut self, word: &'static str) -> Result<Vec<(ArtifactId, Digest)>, LeafError> {
        let mut list = Vec::new();
        while self.stands_next(word) {
            let (artifact, digest) = self.text(word)?.split_once(' ').ok_or(self.wrong(word))?;
            let artifact = artifact.parse().map_err(|_| self.wrong(word))?;
            list.push((artifact, Digest::parse(digest).ok_or(self.wrong(word))?));
        }
        Ok(list)
    }

    /// Two texts that parse to the same leaf would be two commitments to one fact: only the canonical one counts.
    fn same_as<T>(self, canonical: &str, leaf: T) -> Result<T, LeafError> {
        if self.whole == canonical {
            Ok(leaf)
        } else {
            Err(LeafError::Line {
                line: self.line,
                expected: "canonical form",
            })
        }
    }

    fn wrong(&self, expected: &'static str) -> LeafError {
        LeafError::Line {
            line: self.line,
            expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package() -> PackageLeaf {
        PackageLeaf {
            case: "HS-2026-0001".parse().unwrap(),
            partner: "p-07".parse().unwrap(),
            seat: "p-07.s1".parse().unwrap(),
            link: Link {
                ordinal: 3,
                previous: Some(Digest::of(b"second")),
            },
            roster: Digest::of(b"roster"),
            code: Digest::of(b"code"),
            partner_key: Digest::of(b"partner"),
            seat_key: Digest::of(b"seat"),
            copies: vec![("a1".parse().unwrap(), Digest::of(b"copy"))],
            package: Digest::of(b"package"),
        }
    }

    fn roster() -> RosterLeaf {
        RosterLeaf {
            case: "HS-2026-0001".parse().unwrap(),
            press: Link {
                ordinal: 2,
                previous: Some(Digest::of(b"first")),
            },
            witnesses: Some(Digest::of(b"witnesses")),
            text: Digest::of(b"text"),
            seeds: Digest::of(b"seeds"),
            sizes: vec![2, 1, 5],
        }
    }

    #[test]
    fn a_roster_leaf_is_read_back_with_and_without_witnesses() {
        let first = RosterLeaf {
            press: Link::FIRST,
            witnesses: None,
            ..roster()
        };
        for leaf in [roster(), first] {
            let text = leaf.to_text();
            assert_eq!(RosterLeaf::parse(&text), Ok(leaf));
            assert!(RosterLeaf::parse(&text.replace("press ", "press 0")).is_err());
            assert!(RosterLeaf::parse(&text.replace("size 5", "size 05")).is_err());
        }
    }

    #[test]
    fn a_seed_leaf_is_read_back_and_does_not_show_its_seed_in_debug() {
        let partner = SeedLeaf {
            case: "HS-2026-0001".parse().unwrap(),
            partner: "p-07".parse().unwrap(),
            group: 3,
            owner: Owner::Partner,
            seed: Seed::from_bytes([0xab; 32]),
        };
        let seat = SeedLeaf {
            owner: Owner::Seat {
                seat: "p-07.s1".parse().unwrap(),
                slot: 5,
            },
            ..partner.clone()
        };
        for leaf in [partner, seat] {
            let text = leaf.to_text();
            assert!(text.contains(&"ab".repeat(32)));
            assert!(!format!("{leaf:?}").contains("171") && !format!("{leaf:?}").contains("abab"));
            assert_eq!(SeedLeaf::parse(&text), Ok(leaf));
            assert!(SeedLeaf::parse(&text.replace("group 3", "group 03")).is_err());
        }
    }

    #[test]
    fn a_package_leaf_is_read_back() {
        assert_eq!(PackageLeaf::parse(&package().to_text()), Ok(package()));
    }

    #[test]
    fn a_code_leaf_is_read_back() {
        let leaf = CodeLeaf {
            case: "HS-2026-0001".parse().unwrap(),
            secret: Digest::of(b"secret"),
            beacon: Digest::of(b"beacon"),
            code: Digest::of(b"code"),
            decoder: "v1".to_owned(),
            innocent_risk: 1e-6,
            masters: vec![("a1".parse().unwrap(), Digest::of(b"master"))],
        };
        assert_eq!(CodeLeaf::parse(&leaf.to_text()), Ok(leaf));
    }

    #[test]
    fn secrets_and_lists_of_witnesses_are_read_back() {
        let secret = SecretLeaf {
            case: "HS-2026-0001".parse().unwrap(),
            secret: Digest::of(b"secret"),
        };
        assert_eq!(SecretLeaf::parse(&secret.to_text()), Ok(secret));
        let watch = WatchLeaf {
            change: 7,
            needed: 1,
            witnesses: vec!["w1+00000000+AAAA".into(), "w2+00000000+AAAA".into()],
        };
        let text = watch.to_text();
        assert_eq!(WatchLeaf::parse(&text), Ok(watch));
        assert!(WatchLeaf::parse(&text.replace("change 7", "change 07")).is_err());
        assert!(SecretLeaf::parse(&text).is_err());
    }

    #[test]
    fn a_receipt_leaf_is_read_back() {
        let leaf = ReceiptLeaf {
            case: "HS-2026-0001".parse().unwrap(),
            partner: "p-07".parse().unwrap(),
            seat: "p-07.s1".parse().unwrap(),
            link: Link::FIRST,
            package: Digest::of(b"package"),
            at: "2026-11-24T18:00:00Z".parse().unwrap(),
        };
        assert_eq!(ReceiptLeaf::parse(&leaf.to_text()), Ok(leaf));
    }

    #[test]
    fn only_the_canonical_text_is_a_leaf() {
        let text = package().to_text();
        assert!(PackageLeaf::parse(&text.replace("link 3", "link 03")).is_err());
        assert!(PackageLeaf::parse(&format!("{text}more\n")).is_err());
        assert!(PackageLeaf::parse(text.trim_end()).is_err());
    }

    #[test]
    fn a_risk_that_is_no_number_between_0_and_1_was_taken_for_a_bar() {
        let leaf = |innocent_risk| CodeLeaf {
            case: "HS-2026-0001".parse().unwrap(),
            secret: Digest::of(b"secret"),
            beacon: Digest::of(b"beacon"),
            code: Digest::of(b"code"),
            decoder: "1".to_owned(),
            innocent_risk,
            masters: Vec::new(),
        };
        assert!(CodeLeaf::parse(&leaf(1e-6).to_text()).is_ok());
        for risk in [f64::NAN, f64::INFINITY, 0.0, -1.0, 1.0] {
            let error = CodeLeaf::parse(&leaf(risk).to_text()).unwrap_err();
            assert!(matches!(error, LeafError::Line { line: 7, .. }), "{risk}");
        }
    }

    #[test]
    fn the_roster_of_the_largest_program_was_longer_than_a_leaf_that_is_read() {
        let leaf = RosterLeaf {
            sizes: vec![1000; domain::program::PARTNERS_MAX],
            ..roster()
        };
        assert_eq!(RosterLeaf::parse(&leaf.to_text()), Ok(leaf));
    }

    #[test]
    fn a_text_that_is_too_long_is_refused_by_its_limit() {
        let error = RosterLeaf::parse(&"a".repeat(LEAF_BYTES_MAX + 1)).unwrap_err();
        assert!(error.to_string().contains("262144"));
    }
}
