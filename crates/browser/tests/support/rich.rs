//! A program in which every page has something to show.

use std::time::Duration;

use desk::{DraftText, Invited};
use domain::advisory::CaseDetails;
use domain::ids::{CaseId, PartnerId, PersonName, SeatId};
use domain::letter::Words;
use domain::person::{Actor, Role};
use domain::program::ProgramCommand;
use domain::protection::{Coverage, ProtectionDetails};
use domain::seat::Email;
use domain::tlp::Tlp;

use super::program::{PASSPHRASE, Program};

const NOTE: &str = "# How to look for it\n\n\
    We found that the gateway {~checks|tests~} the ticket twice. An attacker needs no account to reach the server, and \
    the old parser keeps the last value.\n";

/// The program, and the names of what is in it, as paths call them.
pub struct Rich {
    pub program: Program,
    names: Vec<(&'static str, String)>,
}

impl Rich {
    /// Serves it; nothing opens by itself.
    pub async fn serve() -> Self {
        let program = Program::serve_idle().await;
        let case = program.open_case().await;
        let trace = program.trace(&case, "p-01.s1").await;
        let mut names = vec![("case", case.to_string()), ("trace", trace)];
        deal(&program, &case).await;
        names.extend(cases(&program).await);
        names.extend(secrets(&program).await);
        names.extend(jobs(&program).await);
        let desk = program.app.now().await.unwrap().0;
        let seen = b"{\"seen\": \"a request of the example\"}\n";
        let sighted = desk.sight(&case, seen).await.unwrap();
        names.push(("sighting", sighted.sighting.to_string()));
        let known = desk.case(&case).await.unwrap();
        let artifact = known.artifacts()[0].artifact.to_string();
        names.push(("artifact", artifact));
        Self { program, names }
    }

    /// The path with the names in place of their words.
    pub fn path(&self, page: &str) -> String {
        let mut path = page.to_owned();
        for (word, name) in &self.names {
            path = path.replace(&format!("{{{word}}}"), name);
        }
        assert!(!path.contains('{'), "`{path}` has a name that is not there");
        path
    }
}

/// What a partner and the program say to each other, and an acknowledgement.
async fn deal(program: &Program, case: &CaseId) {
    let desk = program.app.now().await.unwrap().0;
    let seat = SeatId::parse("p-01.s1").unwrap();
    let partner = PartnerId::parse("p-01").unwrap();
    let known = desk.case(case).await.unwrap();
    desk.acknowledge(case, &seat, (known.tlp(), known.release()))
        .await
        .unwrap();
    let ada = Actor::Person(PersonName::parse("Ada").unwrap());
    for (by, text) in [
        (Actor::Seat(seat.clone()), "Which versions are affected?"),
        (ada, "All before 4.2.1."),
    ] {
        let text = Words::parse(text).unwrap();
        desk.write_message(case, &partner, &by, &text)
            .await
            .unwrap();
    }
    let details = ProtectionDetails::parse("Alder Shield", "AS-1\nAS-2", "").unwrap();
    let ships = "2026-12-01T09:00:00Z".parse().unwrap();
    let what = (Coverage::Planned, Some(ships));
    desk.report_protection(case, &seat, None, what, &details)
        .await
        .unwrap();
}

/// Cases at each stage before their waves are open.
async fn cases(program: &Program) -> Vec<(&'static str, String)> {
    let desk = program.app.now().await.unwrap().0;
    let key = desk.unlock(PASSPHRASE).unwrap();
    let mut names = Vec::new();
    for stage in ["empty", "planned", "approved", "due"] {
        let details = CaseDetails {
            title: format!("Larkspur Share: an example that is {stage}"),
            ..CaseDetails::default()
        };
        let release = match stage {
            "due" => "2026-11-25T20:00:00Z",
            _ => "2026-12-20T18:00:00Z",
        };
        let release = release.parse().unwrap();
        let case = desk
            .create_case(&details, Tlp::UNDER_EMBARGO, Some(release))
            .await
            .unwrap();
        if stage != "empty" {
            program.plan(&case).await;
        }
        if stage == "approved" || stage == "due" {
            program.approve(&case, &["Ada", "Grace"]).await;
        }
        if stage == "due" {
            desk.press(&case, &key).await.unwrap();
        }
        if stage == "planned" {
            let text = DraftText {
                file_name: "note.md".to_owned(),
                kind: desk::kind_of("note.md").unwrap(),
                source: NOTE.to_owned(),
                replaces: None,
            };
            names.push(("draft", desk.begin_draft(&case, &text).await.unwrap()));
        }
        names.push((stage, case.to_string()));
    }
    names
}

/// Links and invitations that wait.
async fn secrets(program: &Program) -> Vec<(&'static str, String)> {
    let desk = program.app.now().await.unwrap().0;
    let noor = PersonName::parse("Noor").unwrap();
    let command = ProgramCommand::AddPerson {
        person: noor.clone(),
        roles: [Role::Coordinator].into(),
    };
    desk.decide(command, &Actor::Desk).await.unwrap();
    let link = program.person("Ada").await;
    let person = Invited::Account {
        account: Actor::Person(noor),
    };
    let seat = Invited::NewSeat {
        partner: PartnerId::parse("p-01").unwrap(),
        email: Email::parse("new@p-01.example").unwrap(),
    };
    let mei = Actor::Person(PersonName::parse("Mei").unwrap());
    let ada = Actor::Person(PersonName::parse("Ada").unwrap());
    let hour = Duration::from_secs(3600);
    let link = link.rsplit('/').next().unwrap().to_owned();
    vec![
        ("link", link),
        ("to-person", desk.invite(person, &mei, hour).await.unwrap()),
        ("to-seat", desk.invite(seat, &ada, hour).await.unwrap()),
    ]
}

/// Long work that ended, well and not.
async fn jobs(program: &Program) -> Vec<(&'static str, String)> {
    let jobs = program.app.jobs();
    let by = || Actor::Person(PersonName::parse("Ada").unwrap());
    let done = jobs.begin("press", "HS-2026-0001", by(), |_| async {
        Ok("/cases".to_owned())
    });
    let failed = jobs.begin("trace", "paste.txt", by(), |_| async {
        Err(server::Problem::input("file", "the file cannot be read").hint("paste the text"))
    });
    vec![("done", done.to_string()), ("failed", failed.to_string())]
}
