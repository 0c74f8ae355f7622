//! A small program with everything that a route may be asked about, and everybody who may ask.

use std::collections::BTreeSet;

use desk::{ClockKind, DataDir, Desk, digest_of_secret};
use domain::account::AccountCommand;
use domain::artifact::ArtifactKind;
use domain::decide::CaseCommand;
use domain::ids::{CaseId, PartnerId, PersonName, SeatId};
use domain::person::{Actor, Role};
use domain::program::ProgramCommand;
use jiff::Timestamp;
use server::{App, Limits, Options, Rate, Rates, Serving};

use crate::Broken;

const PASSPHRASE: &str = "quartz-lantern-meadow-4471";
const START: &str = "2026-11-20T09:00:00Z";
/// `p-01` is told a day before the release, `p-02` two weeks.
const PARTNERS: &[u8] =
    b"id,name,tier,country,obligations\np-01,Borealis,entry,SE,\np-02,Cumulus,validate,DE,\np-03,Drift,entry,FR,\n";
/// A master with enough marks to be pressed.
const MASTER: &str = "Larkspur Share {~accepts|takes~} a blank after a field name. \
    {~Requests|Calls~} to the preview service {~can|may~} {~carry|hold~} it, and the service {~then|afterwards~} \
    {~reads|opens~} a {~document|file~} of {~another|a different~} {~user|account~}. {~Update|Upgrade~} to 4.2.1 \
    {~or|or else~} {~switch|turn~} the preview service off.\n";

/// The program of the matrix.
pub struct Place {
    /// Holds the folder as long as it is used.
    pub _dir: tempfile::TempDir,
    /// The application over it.
    pub app: App,
    /// Open to `p-01`.
    pub own: CaseId,
    /// Open to `p-02`, and not yet to `p-01`.
    pub other: CaseId,
    /// Not open to anybody.
    pub closed: CaseId,
}

/// Somebody who asks.
pub struct Asker {
    /// As the table names it.
    pub name: String,
    /// Whose sessions; nobody for strangers and tokens.
    pub account: Option<Actor>,
    /// A token instead of a session.
    pub token: Option<String>,
    /// Whether it is of a partner.
    pub is_partner: bool,
}

/// Makes the program.
pub async fn place() -> Result<Place, Broken> {
    let dir = tempfile::tempdir()?;
    let data = DataDir::at(dir.path().join("program"));
    let start: Timestamp = START.parse()?;
    let desk = desk::init(
        &data,
        "Larkspur PSIRT",
        ClockKind::Test,
        PASSPHRASE,
        Some(start),
    )
    .await?;
    for (name, role) in people() {
        let command = ProgramCommand::AddPerson {
            person: PersonName::parse(name)?,
            roles: BTreeSet::from([role]),
        };
        desk.decide(command, &Actor::Desk).await?;
    }
    desk.import_partners(PARTNERS).await?;
    for partner in ["p-01", "p-01", "p-02", "p-03"] {
        let (_, recipient) = seal::generate_identity();
        let partner = PartnerId::parse(partner)?;
        desk.add_seat(&partner, "a@partner.example", recipient.as_str())
            .await?;
    }
    // The release of `own` is within a day, so all its waves are due; that of `other` within two weeks.
    let own = case(&desk, start + jiff::SignedDuration::from_hours(20), true).await?;
    let other = case(
        &desk,
        start + jiff::SignedDuration::from_hours(24 * 7),
        true,
    )
    .await?;
    let closed = case(
        &desk,
        start + jiff::SignedDuration::from_hours(24 * 60),
        false,
    )
    .await?;
    let command = ProgramCommand::Suspend {
        partner: PartnerId::parse("p-03")?,
        reason: "an example".to_owned(),
    };
    desk.decide(command, &Actor::Desk).await?;
    let options = Options {
        serving: Serving::All,
        origin: "https://psirt.example".to_owned(),
    };
    let app = App::new(desk.renew().await?, options, Some(desk.unlock(PASSPHRASE)?));
    // The matrix asks faster than anybody may.
    let rate = Rate {
        burst: u32::MAX,
        every: std::time::Duration::from_nanos(1),
    };
    app.set_limits(Limits::new(Rates {
        peer: rate,
        account: rate,
        door: rate,
        is_behind_proxy: false,
    }));
    Ok(Place {
        _dir: dir,
        app,
        own,
        other,
        closed,
    })
}

/// A person of the program for each role.
pub fn people() -> [(&'static str, Role); 5] {
    [
        ("Ada", Role::Coordinator),
        ("Grace", Role::Approver),
        ("Ines", Role::Investigator),
        ("Jonas", Role::Auditor),
        ("Mei", Role::Administrator),
    ]
}

async fn case(desk: &Desk, release: Timestamp, is_opened: bool) -> Result<CaseId, Broken> {
    let details: domain::advisory::CaseDetails =
        serde_json::from_value(serde_json::json!({"title": "A hole in Larkspur Share"}))?;
    let id = desk
        .create_case(&details, domain::tlp::Tlp::Amber, Some(release))
        .await?;
    let master = MASTER.repeat(6);
    desk.add_artifacts(
        &id,
        &[(
            "write-up.md".to_owned(),
            ArtifactKind::Writeup,
            master.into_bytes(),
        )],
    )
    .await?;
    let offsets = desk.program().await?.settings().offsets().clone();
    desk.command(&id, CaseCommand::PlanWaves(offsets), &Actor::Desk)
        .await?;
    if !is_opened {
        return Ok(id);
    }
    for person in ["Ada", "Grace"] {
        let person = PersonName::parse(person)?;
        let command = CaseCommand::Approve {
            person: person.clone(),
            plan: None,
        };
        desk.command(&id, command, &Actor::Person(person)).await?;
    }
    let key = desk.unlock(PASSPHRASE)?;
    desk.press(&id, &key).await?;
    desk.command(&id, CaseCommand::OpenWaves, &Actor::Timer)
        .await?;
    Ok(id)
}

/// Everybody who asks, in the order of the table's columns.
pub async fn askers(app: &App, scopes: &BTreeSet<&'static str>) -> Result<Vec<Asker>, Broken> {
    let mut askers = vec![Asker {
        name: "nobody".to_owned(),
        account: None,
        token: None,
        is_partner: false,
    }];
    for (name, role) in people() {
        let account = Some(Actor::Person(PersonName::parse(name)?));
        askers.push(Asker {
            name: role.to_string(),
            account,
            token: None,
            is_partner: false,
        });
    }
    for (name, seat) in [
        ("lead", "p-01.s1"),
        ("analyst", "p-01.s2"),
        ("suspended", "p-03.s1"),
    ] {
        let account = Some(Actor::Seat(SeatId::parse(seat)?));
        askers.push(Asker {
            name: name.to_owned(),
            account,
            token: None,
            is_partner: true,
        });
    }
    let (desk, _) = app.now().await.map_err(|problem| problem.title)?;
    for (who, account) in [
        ("administrator", Actor::Person(PersonName::parse("Mei")?)),
        ("lead", Actor::Seat(SeatId::parse("p-01.s1")?)),
    ] {
        for scope in scopes {
            let token = format!("hst_{who}-{scope}");
            let command = AccountCommand::MakeToken {
                label: (*scope).to_owned(),
                digest: digest_of_secret(&token),
                scopes: BTreeSet::from([(*scope).to_owned()]),
                from: Timestamp::now(),
                days: 1,
            };
            desk.account_command(&account, command, &account).await?;
            let is_partner = matches!(account, Actor::Seat(_));
            askers.push(Asker {
                name: format!("{who}+{scope}"),
                account: None,
                token: Some(token),
                is_partner,
            });
        }
    }
    Ok(askers)
}
