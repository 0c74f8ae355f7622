//! A roster of partners, from CSV: all of it, or nothing.

use crate::country::Country;
use crate::duty::DutyId;
use crate::explain::Explain;
use crate::ids::{AgreementVersion, PartnerId, excerpt};
use crate::partner::{PARTNER_NAME_CHARS_MAX, Partner, Profile, Status, Tier};
use crate::program::Program;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use thiserror::Error;

/// Largest roster, in bytes: 4 MiB.
pub const ROSTER_BYTES_MAX: usize = 4 << 20;
/// Most rows of a roster, its header not counted.
pub const ROSTER_ROWS_MAX: usize = 10_000;
/// Faults that are listed; more are only counted.
pub const FAULTS_LISTED_MAX: usize = 100;

/// One partner of a roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterRow {
    /// Who it is.
    pub profile: Profile,
    /// Where it stands; active unless the roster says otherwise.
    pub status: Status,
    /// The version of the agreement that it accepted on paper.
    pub agreement: Option<AgreementVersion>,
}

/// A column of a roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// `id`
    Id,
    /// `name`
    Name,
    /// `tier`
    Tier,
    /// `country`
    Country,
    /// `obligations`: ids of duties, separated by `;`
    Obligations,
    /// `status`, may be missing: `active`, `applicant` or `suspended`
    Status,
    /// `agreement`, may be missing: `paper`, `none`, or a version
    Agreement,
}

impl Column {
    const ALL: [Self; 7] = [
        Self::Id,
        Self::Name,
        Self::Tier,
        Self::Country,
        Self::Obligations,
        Self::Status,
        Self::Agreement,
    ];

    fn is_required(self) -> bool {
        !matches!(self, Self::Status | Self::Agreement)
    }

    /// The column's name, as in the header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Tier => "tier",
            Self::Country => "country",
            Self::Obligations => "obligations",
            Self::Status => "status",
            Self::Agreement => "agreement",
        }
    }
}

/// Something wrong at one place of a roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterFault {
    /// Line of the file, from 1: the line that the row begins on.
    pub line: u64,
    /// Which field of the row, from 1; none when the whole row is meant.
    pub column: Option<usize>,
    /// The column's name, where it has one.
    pub name: Option<&'static str>,
    /// What is wrong, lowercase, one line.
    pub what: String,
}

impl fmt::Display for RosterFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = self.column {
            write!(f, ", column {column}")?;
        }
        if let Some(name) = self.name {
            write!(f, " ({name})")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Everything that is wrong with a roster; nothing of it is imported.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("nothing of the roster was imported, {}", summary(faults, *count))]
pub struct RosterErrors {
    faults: Vec<RosterFault>,
    count: usize,
}

/// All listed faults in one line.
fn summary(faults: &[RosterFault], count: usize) -> String {
    let listed: Vec<String> = faults.iter().map(ToString::to_string).collect();
    let more = match count.saturating_sub(faults.len()) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let word = if count == 1 { "fault" } else { "faults" };
    format!("{count} {word}: {}{more}", listed.join("; "))
}

impl RosterErrors {
    /// The faults in the order of the file, at most [`FAULTS_LISTED_MAX`].
    pub fn faults(&self) -> &[RosterFault] {
        &self.faults
    }

    /// How many there are in all.
    pub fn count(&self) -> usize {
        self.count
    }
}

impl Explain for RosterErrors {
    fn code(&self) -> &str {
        "roster-faults"
    }

    fn hint(&self) -> String {
        "The header is id,name,tier,country,obligations and may add status and agreement; obligations are separated by `;`.".to_owned()
    }
}

#[derive(Default)]
struct Faults {
    listed: Vec<RosterFault>,
    count: usize,
}

impl Faults {
    fn add(&mut self, line: u64, column: Option<usize>, name: Option<Column>, what: String) {
        self.count += 1;
        if self.listed.len() < FAULTS_LISTED_MAX {
            self.listed.push(RosterFault {
                line,
                column,
                name: name.map(Column::as_str),
                what,
            });
        }
    }

    fn finish<T>(self, value: T) -> Result<T, RosterErrors> {
        if self.count == 0 {
            return Ok(value);
        }
        Err(RosterErrors {
            faults: self.listed,
            count: self.count,
        })
    }
}

/// Reads a whole roster against the program that takes it over.
///
/// Columns may come in any order; a byte order mark is dropped; white space around fields does
/// not count. Without its column a partner is active, and has accepted the current agreement on
/// paper.
///
/// # Errors
/// [`RosterErrors`] with every fault by line and column: limits ([`ROSTER_BYTES_MAX`],
/// [`ROSTER_ROWS_MAX`]), header, fields, and ids that are there twice or exist already.
pub fn read_roster(bytes: &[u8], program: &Program) -> Result<Vec<RosterRow>, RosterErrors> {
    let mut faults = Faults::default();
    if bytes.len() > ROSTER_BYTES_MAX {
        faults.add(
            1,
            None,
            None,
            format!("a roster has at most {ROSTER_BYTES_MAX} bytes"),
        );
        return faults.finish(Vec::new());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let mut records = reader.byte_records();
    let header = match records.next() {
        Some(Ok(header)) => read_header(&header, &mut faults),
        _ => None,
    };
    let Some(header) = header else {
        if faults.count == 0 {
            faults.add(1, None, None, "there is no header".to_owned());
        }
        return faults.finish(Vec::new());
    };
    let mut rows = Vec::new();
    let mut first_seen: BTreeMap<PartnerId, u64> = BTreeMap::new();
    for (index, record) in records.enumerate() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                faults.add(line, None, None, "the row cannot be read as CSV".to_owned());
                break;
            }
        };
        let line = record.position().map_or(1, csv::Position::line);
        if index >= ROSTER_ROWS_MAX {
            faults.add(
                line,
                None,
                None,
                format!("a roster has at most {ROSTER_ROWS_MAX} rows"),
            );
            break;
        }
        if record.len() != header.fields {
            let what = format!(
                "the row has {} fields, the header {}",
                record.len(),
                header.fields
            );
            faults.add(line, None, None, what);
            continue;
        }
        let mut row = Row {
            line,
            record: &record,
            header: &header,
            faults: &mut faults,
        };
        if let Some(read) = row.read(program, &mut first_seen) {
            rows.push(read);
        }
    }
    if rows.is_empty() && faults.count == 0 {
        faults.add(
            1,
            None,
            None,
            "there are no partners below the header".to_owned(),
        );
    }
    faults.finish(rows)
}

struct Header {
    places: BTreeMap<Column, usize>,
    fields: usize,
}

fn read_header(record: &csv::ByteRecord, faults: &mut Faults) -> Option<Header> {
    let before = faults.count;
    let mut places = BTreeMap::new();
    for (place, field) in record.iter().enumerate() {
        let text = String::from_utf8_lossy(field).to_ascii_lowercase();
        match Column::ALL
            .into_iter()
            .find(|column| column.as_str() == text)
        {
            Some(column) if places.insert(column, place).is_none() => {}
            Some(column) => {
                let what = "the header has this column twice".to_owned();
                faults.add(1, Some(place + 1), Some(column), what);
            }
            None => {
                let what = format!("`{}` is not a column of a roster", excerpt(&text));
                faults.add(1, Some(place + 1), None, what);
            }
        }
    }
    for column in Column::ALL {
        if column.is_required() && !places.contains_key(&column) {
            let what = format!("the header has no column `{}`", column.as_str());
            faults.add(1, None, None, what);
        }
    }
    let fields = record.len();
    (faults.count == before).then_some(Header { places, fields })
}

struct Row<'a> {
    line: u64,
    record: &'a csv::ByteRecord,
    header: &'a Header,
    faults: &'a mut Faults,
}

impl<'a> Row<'a> {
    /// The row, or `None` with its faults noted. Every field is looked at, whatever else is wrong.
    fn read(
        &mut self,
        program: &Program,
        first_seen: &mut BTreeMap<PartnerId, u64>,
    ) -> Option<RosterRow> {
        let partner = self.partner(program, first_seen);
        let name = self.name();
        let tier = self.tier();
        let country = self.country();
        let duties = self.duties();
        let status = self.status();
        let agreement = self.agreement(program);
        Some(RosterRow {
            profile: Profile {
                partner: partner?,
                name: name?,
                tier: tier?,
                country: country?,
                duties: duties?,
            },
            status: status?,
            agreement: agreement?,
        })
    }

    fn fault(&mut self, column: Column, what: String) {
        let place = self.header.places.get(&column).map(|place| place + 1);
        self.faults.add(self.line, place, Some(column), what);
    }

    /// The field's text, empty where the column is missing; `None` with a fault for other than UTF-8.
    fn field(&mut self, column: Column) -> Option<&'a str> {
        let Some(place) = self.header.places.get(&column) else {
            return Some("");
        };
        let bytes = self.record.get(*place).unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(_) => {
                self.fault(column, "the field is not UTF-8".to_owned());
                None
            }
        }
    }

    fn partner(
        &mut self,
        program: &Program,
        first_seen: &mut BTreeMap<PartnerId, u64>,
    ) -> Option<PartnerId> {
        let partner = match PartnerId::parse(self.field(Column::Id)?) {
            Ok(partner) => partner,
            Err(error) => {
                self.fault(Column::Id, error.to_string());
                return None;
            }
        };
        if let Some(line) = first_seen.get(&partner) {
            let what = format!("`{partner}` is on line {line} already");
            self.fault(Column::Id, what);
            return None;
        }
        first_seen.insert(partner.clone(), self.line);
        match program.partner(&partner).map(Partner::status) {
            None => Some(partner),
            Some(Status::Removed) => {
                let what = format!("`{partner}` was removed, and comes back only by applying anew");
                self.fault(Column::Id, what);
                None
            }
            Some(_) => {
                self.fault(Column::Id, format!("`{partner}` is in the program already"));
                None
            }
        }
    }

    fn name(&mut self) -> Option<String> {
        let text = self.field(Column::Name)?;
        let sound = !text.is_empty()
            && text.chars().nth(PARTNER_NAME_CHARS_MAX).is_none()
            && !text.chars().any(char::is_control);
        if sound {
            return Some(text.to_owned());
        }
        let what = format!(
            "a name has 1 to {PARTNER_NAME_CHARS_MAX} characters and no control characters"
        );
        self.fault(Column::Name, what);
        None
    }

    fn tier(&mut self) -> Option<Tier> {
        let text = self.field(Column::Tier)?;
        let tier = Tier::parse(text);
        if tier.is_none() {
            let known = Tier::ALL.map(Tier::as_str).join(", ");
            let what = format!("`{}` is not a tier ({known})", excerpt(text));
            self.fault(Column::Tier, what);
        }
        tier
    }

    fn country(&mut self) -> Option<Country> {
        match Country::parse(self.field(Column::Country)?) {
            Ok(country) => Some(country),
            Err(error) => {
                self.fault(Column::Country, error.to_string());
                None
            }
        }
    }

    fn duties(&mut self) -> Option<BTreeSet<DutyId>> {
        let text = self.field(Column::Obligations)?;
        let mut duties = Some(BTreeSet::new());
        for word in text
            .split(';')
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            match DutyId::parse(word) {
                Ok(duty) => {
                    if let Some(duties) = &mut duties {
                        duties.insert(duty);
                    }
                }
                Err(error) => {
                    self.fault(Column::Obligations, error.to_string());
                    duties = None;
                }
            }
        }
        duties
    }

    fn status(&mut self) -> Option<Status> {
        let text = self.field(Column::Status)?;
        match Status::parse(text) {
            None if text.is_empty() => Some(Status::Active),
            Some(status @ (Status::Applicant | Status::Active | Status::Suspended)) => Some(status),
            Some(Status::Removed) | None => {
                let what = format!(
                    "`{}` is not a status to import (applicant, active, suspended)",
                    excerpt(text)
                );
                self.fault(Column::Status, what);
                None
            }
        }
    }

    /// The version, if any; the outer `None` is a fault.
    fn agreement(&mut self, program: &Program) -> Option<Option<AgreementVersion>> {
        let text = self.field(Column::Agreement)?;
        if text == "none" {
            return Some(None);
        }
        if text.is_empty() || text == "paper" {
            return Some(program.current_agreement().cloned());
        }
        let known = AgreementVersion::parse(text)
            .ok()
            .filter(|version| program.agreements().iter().any(|a| a.version == *version));
        if known.is_none() {
            let what = format!(
                "`{}` is not a version of the agreement (or `paper` for the current one, or `none`)",
                excerpt(text)
            );
            self.fault(Column::Agreement, what);
            return None;
        }
        Some(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Recorded;
    use crate::person::Actor;
    use crate::program::ProgramCommand;
    use proptest::prelude::*;

    fn founded() -> Program {
        let mut program = Program::default();
        decide(
            &mut program,
            ProgramCommand::Found {
                name: "Example PSIRT".to_owned(),
                test_clock: false,
            },
        );
        program
    }

    fn decide(program: &mut Program, command: ProgramCommand) {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        for event in program.decide(command, &Actor::Desk, now).unwrap() {
            let json = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Recorded<_>>(&json).unwrap(), event);
            program.apply(&event);
        }
    }

    #[test]
    fn a_roster_makes_active_partners_that_signed_on_paper() {
        let mut program = founded();
        let csv = "id,name,tier,country,obligations\n\
                   p-01,\"Acme, Ltd\",validate,DE,eu-cra;eu-nis2\n\
                   p-02,Bureau,entry,cn, cn-rmsv \n";
        let rows = read_roster(csv.as_bytes(), &program).unwrap();
        assert_eq!(rows.len(), 2);
        decide(&mut program, ProgramCommand::Import(rows));
        let partner = program.partner(&PartnerId::parse("p-01").unwrap()).unwrap();
        assert_eq!(partner.status(), Status::Active);
        assert_eq!(partner.name(), "Acme, Ltd");
        assert!(
            partner
                .accepted()
                .contains_key(program.current_agreement().unwrap())
        );
        let partner = program.partner(&PartnerId::parse("p-02").unwrap()).unwrap();
        assert!(partner.reports_to_state());
        assert_eq!(partner.country().as_str(), "CN");
    }

    #[test]
    fn the_columns_status_and_agreement_say_otherwise() {
        let csv = "agreement,status,id,name,tier,country,obligations\n\
                   none,applicant,a,A,entry,DE,\n\
                   paper,suspended,b,B,entry,DE,\n\
                   1,,c,C,entry,DE,\n";
        let rows = read_roster(csv.as_bytes(), &founded()).unwrap();
        let seen: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.status,
                    row.agreement.as_ref().map(|v| v.as_str().to_owned()),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                (Status::Applicant, None),
                (Status::Suspended, Some("1".to_owned())),
                (Status::Active, Some("1".to_owned())),
            ]
        );
    }

    #[test]
    fn every_fault_of_a_roster_is_named_by_line_and_column_at_once() {
        let mut program = founded();
        let old = read_roster(
            b"id,name,tier,country,obligations\np-09,Old,entry,DE,\n",
            &program,
        );
        decide(&mut program, ProgramCommand::Import(old.unwrap()));
        let csv = b"\xef\xbb\xbfid,name,tier,country,obligations,status,agreement\n\
            P 1,,gold,UK,us-xyz;eu-cra,removed,7\n\
            p-02,Two,entry,DE,,,\n\
            p-02,Twice,entry,DE,,,\n\
            p-03,Short,entry\n\
            p-09,Old,entry,DE,,,\n\
            p-04,\xff,entry,DE,,,\n";
        let errors = read_roster(csv, &program).unwrap_err();
        let shown: Vec<String> = errors.faults().iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "line 2, column 1 (id): `P 1` is not a partner id",
                "line 2, column 2 (name): a name has 1 to 200 characters and no control characters",
                "line 2, column 3 (tier): `gold` is not a tier (validate, advance, entry)",
                "line 2, column 4 (country): `UK` is not a country code",
                "line 2, column 5 (obligations): `us-xyz` is not a duty that the program knows (cn-rmsv, eu-cra, eu-nis2)",
                "line 2, column 6 (status): `removed` is not a status to import (applicant, active, suspended)",
                "line 2, column 7 (agreement): `7` is not a version of the agreement (or `paper` for the current one, or `none`)",
                "line 4, column 1 (id): `p-02` is on line 3 already",
                "line 5: the row has 3 fields, the header 7",
                "line 6, column 1 (id): `p-09` is in the program already",
                "line 7, column 2 (name): the field is not UTF-8",
            ]
        );
        let shown = errors.to_string();
        assert!(
            shown.starts_with(
                "nothing of the roster was imported, 11 faults: line 2, column 1 (id): "
            ) && shown.ends_with("; line 7, column 2 (name): the field is not UTF-8"),
            "{shown}"
        );
    }

    #[test]
    fn a_header_that_lacks_or_repeats_columns_is_refused() {
        for (csv, fault) in [
            ("", "line 1: there is no header"),
            (
                "id,name,tier,country\n",
                "line 1: the header has no column `obligations`",
            ),
            (
                "id,name,tier,country,obligations,id\n",
                "line 1, column 6 (id): the header has this column twice",
            ),
            (
                "id,name,tier,country,obligations,email\n",
                "line 1, column 6: `email` is not a column of a roster",
            ),
            (
                "id,name,tier,country,obligations\n",
                "line 1: there are no partners below the header",
            ),
        ] {
            let errors = read_roster(csv.as_bytes(), &founded()).unwrap_err();
            assert_eq!(errors.faults()[0].to_string(), fault);
        }
    }

    #[test]
    fn a_rosters_limits_are_named() {
        let huge = vec![b'x'; ROSTER_BYTES_MAX + 1];
        let errors = read_roster(&huge, &founded()).unwrap_err();
        assert_eq!(
            errors.faults()[0].what,
            "a roster has at most 4194304 bytes"
        );
        let mut long = "id,name,tier,country,obligations\n".to_owned();
        for number in 0..=ROSTER_ROWS_MAX {
            long.push_str(&format!("p{number},N,entry,DE,\n"));
        }
        let errors = read_roster(long.as_bytes(), &founded()).unwrap_err();
        assert_eq!(
            errors.faults()[0].to_string(),
            "line 10002: a roster has at most 10000 rows"
        );
    }

    proptest! {
        #[test]
        fn hostile_rosters_never_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            rest in "[a-z0-9,;\"\n\r \\-]{0,200}",
        ) {
            let program = Program::default();
            let _ = read_roster(&bytes, &program);
            let text = format!("id,name,tier,country,obligations\n{rest}");
            let _ = read_roster(text.as_bytes(), &program);
        }
    }
}
