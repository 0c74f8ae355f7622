//! The demo: the timeline of July 2025 on an invented product, and four leaks.
//!
//! Everything in it is done by the same functions as the commands; nothing is prepared or looked up.

mod leaks;
mod material;
mod serving;
mod teller;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use desk::{ClockKind, DataDir, Desk, Failure, Traced, kind_of};
use domain::decide::CaseCommand;
use domain::describe::describe_utc;
use domain::ids::{CaseId, PartnerId, PersonName, SeatId};
use domain::person::Actor;
use domain::program::ProgramCommand;
use flow::evidence::Evidence;
use flow::sight::LeakFile;
use flow::trace::Word;
use flow::verify::{Step, verify};
use jiff::Timestamp;
use seal::{FileEntry, ProgramKey};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::commands::wave;
use crate::output::{Output, count, one_in};
use server::wire::Waves;
use teller::Teller;

pub use serving::serve;

const PROGRAM: &str = "Larkspur PSIRT";
const PASSPHRASE: &str = "only for the demo";
/// The seat whose PoC becomes exploit traffic in this story.
const POC_LEAKER: &str = "p-11.s2";
/// The seat whose write-up is pasted into a forum in this story.
const TEXT_LEAKER: &str = "p-04.s2";
/// A seat that is impatient, and innocent.
const EARLY_BIRD: &str = "p-20.s1";

/// A seat and the key that only it has.
struct Keyring(Vec<(SeatId, Zeroizing<String>)>);

impl Keyring {
    fn of(&self, seat: &str) -> Result<&str, Failure> {
        let found = self.0.iter().find(|(known, _)| known.as_str() == seat);
        found
            .map(|(_, identity)| identity.as_str())
            .ok_or_else(|| Failure::machine("demo", format!("there is no seat {seat}")))
    }
}

struct Story<'a> {
    dir: &'a Path,
    data: DataDir,
    teller: Teller,
}

/// What was told.
pub struct Told {
    /// What happened, as JSON.
    pub document: Value,
    data: DataDir,
}

/// Tells the whole story in a new folder.
pub async fn tell(dir: &Path, out: &Output) -> Result<Told, Failure> {
    let story = Story {
        dir,
        data: DataDir::at(dir.join("program")),
        teller: Teller::new(*out),
    };
    story.introduction();
    let keys = story.found().await?;
    let (case, key) = story.write_case().await?;
    story.plan_and_press(&case, &key).await?;
    story.open_waves(&case, &keys).await?;
    let traces = story.leak(&case, &key, &keys).await?;
    let evidence = story.testify(&key, &traces).await?;
    story.look_around(&traces, &evidence);
    let document = json!({
        "dir": dir.display().to_string(),
        "data": story.data.path().display().to_string(),
        "case": case.as_str(),
        "leakers": {"poc": POC_LEAKER, "text": TEXT_LEAKER},
        "traces": traces.iter().map(Traced::to_json).collect::<Vec<_>>(),
        "evidence": evidence.display().to_string(),
    });
    Ok(Told {
        document,
        data: story.data,
    })
}

impl Story<'_> {
    fn introduction(&self) {
        let t = &self.teller;
        t.say(
            "In July 2025 a vendor told its security partners of a hole in three waves: 14 days, 5 days and 24 hours \
             before the patch. Exploitation began the day before the patch. Somebody had leaked, and nobody could show \
             whose copy it was, because every partner had been given the same text.",
        );
        t.say("");
        t.say(
            "This is the same timeline with headstart. The product, Larkspur Share, the hole in it and the partners are \
             invented. Everything you see is computed now, with fresh keys: run it again, and every copy differs.",
        );
    }

    async fn at(&self, time: &str) -> Result<Desk, Failure> {
        let now: Timestamp = time
            .parse()
            .map_err(|_| Failure::machine("demo", format!("`{time}` is no time")))?;
        Desk::open(self.data.clone(), Some(now)).await
    }

    async fn found(&self) -> Result<Keyring, Failure> {
        let t = &self.teller;
        t.chapter("20 November 2026", "A program with 24 partners")
            .await;
        make_folders(self.dir)?;
        write(&self.dir.join("passphrase"), PASSPHRASE.as_bytes())?;
        let now = Some(timestamp("2026-11-20T09:00:00Z")?);
        let desk = desk::init(&self.data, PROGRAM, ClockKind::Test, PASSPHRASE, now).await?;
        for (name, roles) in serving::PEOPLE {
            let command = ProgramCommand::AddPerson {
                person: PersonName::parse(name).map_err(Failure::from_refusal)?,
                roles: roles.iter().copied().collect(),
            };
            desk.decide(command, &Actor::Desk).await?;
        }
        let partners = desk.import_partners(material::PARTNERS).await?;
        let mut keys = Vec::new();
        for (partner, email) in material::seats() {
            let (identity, recipient) = seal::generate_identity();
            let partner = PartnerId::parse(partner).map_err(Failure::from_refusal)?;
            let seat = desk.add_seat(&partner, email, recipient.as_str()).await?;
            write(
                &self.dir.join("seats").join(format!("{seat}.key")),
                identity.as_bytes(),
            )?;
            keys.push((seat, identity));
        }
        t.say(&format!(
            "{} with {}. Each seat is a person at a partner with a key of their own; the program never sees the secret half.",
            count(partners.len(), "partner"),
            count(keys.len(), "seat"),
        ));
        t.command("headstart partner import partners.csv");
        t.good("imported, all or nothing; p-15 and p-16 must report vulnerabilities to a ministry within 48 hours");
        Ok(Keyring(keys))
    }

    async fn write_case(&self) -> Result<(CaseId, ProgramKey), Failure> {
        let t = &self.teller;
        t.chapter("20 November 2026", "A hole, written up once")
            .await;
        let desk = self.at("2026-11-20T10:00:00Z").await?;
        let key = desk.unlock(PASSPHRASE)?;
        let (case, details, release) = desk.import_case(material::ADVISORY, None).await?;
        t.command("headstart case import advisory.json");
        t.good(&format!(
            "{case}: {}; release {}",
            details.title,
            release.map_or("not set".to_owned(), describe_utc)
        ));
        let mut masters = Vec::new();
        for (name, bytes) in material::MASTERS {
            let kind = kind_of(name)
                .ok_or_else(|| Failure::machine("demo", format!("{name} has no kind")))?;
            masters.push((name.to_owned(), kind, bytes.to_vec()));
        }
        let added = desk.add_artifacts(&case, &masters).await?;
        let sites: usize = added.iter().map(|one| one.sites).sum();
        t.command(&format!(
            "headstart artifact add {case} write-up.md poc.py larkspur.rules larkspur.yml indicators.csv"
        ));
        t.good(&format!(
            "{} in {} files",
            count(sites, "mark site"),
            added.len()
        ));
        t.say("");
        t.say(
            "The author writes the text once and marks places where several wordings mean the same, and values in the \
             PoC that work as well with another number:",
        );
        t.say("");
        t.quote("write-up.md", &first_marked_sentence());
        t.show("poc.py       TICKET = \"c41d9e7a\"  #~ nonce hex 8");
        t.say("");
        t.say("The meter says beforehand what that can prove:");
        let meter = desk.meter(&desk.case(&case).await?, &key).await?;
        for (share, prospect) in &meter.shares {
            let words = if prospect.slot_catch >= 0.99 {
                "names the seat"
            } else if prospect.group_catch >= 0.9 {
                "names the partner"
            } else {
                "names nobody"
            };
            t.show(&format!("{:>3.0} % of the marks  {words}", share * 100.0));
        }
        Ok((case, key))
    }

    async fn plan_and_press(&self, case: &CaseId, key: &ProgramKey) -> Result<(), Failure> {
        let t = &self.teller;
        t.chapter("21 November 2026", "Who gets what when").await;
        let desk = self.at("2026-11-21T09:00:00Z").await?;
        let offsets = desk.program().await?.settings().offsets().clone();
        desk.command(case, CaseCommand::PlanWaves(offsets), &Actor::Desk)
            .await?;
        for name in ["Ada Lindqvist", "Grace Okoye"] {
            let person = PersonName::parse(name).map_err(Failure::from_refusal)?;
            let command = CaseCommand::Approve {
                person: person.clone(),
                plan: desk.case(case).await?.plan_digest(),
            };
            desk.command(case, command, &Actor::Person(person)).await?;
        }
        let known = desk.case(case).await?;
        t.command(&format!("headstart wave plan {case}"));
        if let Some(waves) = Waves::of(&known) {
            t.show(wave::describe(t.style(), &waves).trim_end());
        }
        t.command(&format!("headstart press {case}"));
        let pressed = desk.press(case, key).await?;
        t.good(&format!(
            "{} different copies in {} packages, each sealed to its seat's key",
            pressed.copies,
            pressed.seats.len()
        ));
        t.good(&format!(
            "each package committed to a transparency log of {} entries, before anybody gets anything",
            pressed.log_size
        ));
        Ok(())
    }

    async fn open_waves(&self, case: &CaseId, keys: &Keyring) -> Result<(), Failure> {
        let t = &self.teller;
        t.chapter("24 November 2026, 18:00 UTC", "The first wave opens")
            .await;
        let desk = self.at("2026-11-24T18:00:00Z").await?;
        let first = self.open_and_fetch(&desk, case).await?;
        t.good(&format!(
            "{} fetch their packages; every fetch is a receipt in the log",
            count(first, "seat")
        ));
        t.command(&format!(
            "headstart package fetch {case} --seat {EARLY_BIRD} --out early.age"
        ));
        match desk.fetch(case, &seat(EARLY_BIRD)?).await {
            Err(failure) => t.refused(&format!(
                "{} (exit {})",
                failure.message, failure.class as u8
            )),
            Ok(_) => {
                return Err(Failure::machine(
                    "demo",
                    "a package was given before its wave",
                ));
            }
        }
        t.say("");
        t.say("Two seats read the same sentence, and neither knows that it is their own:");
        let names = ["p-01.s1", TEXT_LEAKER];
        let mut copies = Vec::new();
        for name in names {
            copies.push(self.copy(keys, name, "write-up.md")?);
        }
        let (ours, theirs) = most_different(&copies[0], &copies[1]);
        t.say("");
        t.quote(names[0], ours);
        t.quote(names[1], theirs);
        t.chapter("3 December 2026, 18:00 UTC", "The second wave")
            .await;
        let desk = self.at("2026-12-03T18:00:00Z").await?;
        let second = self.open_and_fetch(&desk, case).await?;
        t.good(&format!("{second} more seats fetch their packages"));
        Ok(())
    }

    /// Opens what is due, and lets every seat of it fetch; returns how many did so for the first time.
    async fn open_and_fetch(&self, desk: &Desk, case: &CaseId) -> Result<usize, Failure> {
        desk.command(case, CaseCommand::OpenWaves, &Actor::Timer)
            .await?;
        let known = desk.case(case).await?;
        let mut fetched = 0;
        for package in known.packages() {
            let is_due = known.opened_at(&package.seat).is_some();
            if is_due && known.receipts().of(&package.seat).is_none() {
                let given = desk.fetch(case, &package.seat).await?;
                write(&self.package_of(package.seat.as_str()), &given.bytes)?;
                fetched += 1;
            }
        }
        Ok(fetched)
    }

    /// Where a seat keeps the package that it fetched.
    fn package_of(&self, seat: &str) -> PathBuf {
        self.dir.join("packages").join(format!("{seat}.age"))
    }

    /// What a seat reads when it opens its package with its own key.
    fn copy(&self, keys: &Keyring, name: &str, file: &str) -> Result<String, Failure> {
        let path = self.package_of(name);
        let bytes = std::fs::read(&path).map_err(|error| unusable(&path, &error))?;
        let files: Vec<FileEntry> = seal::open_package(&bytes, keys.of(name)?)
            .map_err(|error| Failure::machine("demo", error.to_string()))?;
        let found = files.into_iter().find(|entry| entry.name == file);
        let bytes = found
            .map(|entry| entry.bytes)
            .ok_or_else(|| Failure::machine("demo", format!("{name} has no {file}")))?;
        String::from_utf8(bytes).map_err(|_| Failure::machine("demo", "a copy is not text"))
    }

    async fn leak(
        &self,
        case: &CaseId,
        key: &ProgramKey,
        keys: &Keyring,
    ) -> Result<Vec<Traced>, Failure> {
        let t = &self.teller;
        t.chapter(
            "7 December 2026, 05:35 UTC",
            "Exploitation, a day before the patch",
        )
        .await;
        let desk = self.at("2026-12-07T06:10:00Z").await?;
        let poc = self.copy(keys, POC_LEAKER, "poc.py")?;
        let text = self.copy(keys, TEXT_LEAKER, "write-up.md")?;
        let log = leaks::sensor_log(material::SENSOR, &poc)
            .ok_or_else(|| Failure::machine("demo", "the PoC's request cannot be read"))?;
        let mut traces = Vec::new();

        t.say(
            "A sensor records a strange request, three times among others. Somebody runs a PoC that only partners had. \
             Nothing of its text is left; only the values that it sends:",
        );
        t.say("");
        t.show(&request_line(&log));
        traces.push(
            self.trace(&desk, key, "sensor.eve.json", log.as_bytes())
                .await?,
        );
        self.suspend(&desk, case).await?;

        t.chapter("7 December 2026, 09:00 UTC", "500 words in a forum")
            .await;
        let desk = self.at("2026-12-07T09:00:00Z").await?;
        t.say("Somebody pastes a part of the write-up: as HTML, with the formatting gone and the lines broken anew.");
        let post = leaks::forum_post(&text, 330, 500);
        traces.push(
            self.trace(&desk, key, "forum.html", post.as_bytes())
                .await?,
        );

        t.chapter("7 December 2026, 11:30 UTC", "60 words in a chat")
            .await;
        let desk = self.at("2026-12-07T11:30:00Z").await?;
        t.say("A shorter piece of the same text. It may be anybody's; headstart says so.");
        let paste = leaks::paste(&text, 700, 60);
        traces.push(self.trace(&desk, key, "chat.txt", paste.as_bytes()).await?);

        t.chapter("7 December 2026, 13:00 UTC", "An advisory of somebody else")
            .await;
        let desk = self.at("2026-12-07T13:00:00Z").await?;
        t.say("Not everything that looks like a leak is one.");
        traces.push(
            self.trace(&desk, key, "advisory.md", material::UNRELATED)
                .await?,
        );
        Ok(traces)
    }

    async fn trace(
        &self,
        desk: &Desk,
        key: &ProgramKey,
        name: &str,
        bytes: &[u8],
    ) -> Result<Traced, Failure> {
        let t = &self.teller;
        write(&self.dir.join("leaks").join(name), bytes)?;
        let files = [LeakFile::new(name, bytes.to_vec())];
        t.command(&format!("headstart trace leaks/{name}"));
        let traced = desk.trace(key, &files, None).await?;
        let Some(verdict) = &traced.verdict else {
            t.good(&format!(
                "no case: these {} are like nothing that was given out",
                count(traced.words, "word")
            ));
            return Ok(traced);
        };
        t.show(&format!(
            "case {}, found by itself; {} of {} marks can be read",
            verdict.case,
            verdict.readings.read(),
            verdict.readings.total()
        ));
        let engine = &verdict.engine;
        match verdict.word {
            Word::Accuse => {
                for accused in &verdict.accused {
                    let who = accused.seat.as_ref().map_or_else(
                        || format!("a copy of partner {}", accused.partner),
                        |seat| format!("the copy of seat {seat}, partner {}", accused.partner),
                    );
                    t.refused(&format!("ACCUSE {who}"));
                    t.show(&format!(
                        "the chance that such readings name anybody innocent is at most {}",
                        one_in(accused.finding.innocent_risk)
                    ));
                }
            }
            Word::Withhold | Word::NoCase => {
                t.good("WITHHOLD: nobody is named");
                t.show(&format!(
                    "{:.1} bits can be read; naming one of {} partners at a risk of {:e} takes {:.1}",
                    engine.group.available_bits, 24, verdict.bar.innocent_risk, engine.group.needed_bits,
                ));
                t.show(
                    "needed: a longer part of the text, or requests that carry the PoC's values",
                );
            }
        }
        Ok(traced)
    }

    async fn suspend(&self, desk: &Desk, case: &CaseId) -> Result<(), Failure> {
        let t = &self.teller;
        let leaker = seat(POC_LEAKER)?;
        let partner = leaker.as_str().split('.').next().unwrap_or_default();
        let command = ProgramCommand::Suspend {
            partner: PartnerId::parse(partner).map_err(Failure::from_refusal)?,
            reason: "copy found in exploit traffic".to_owned(),
        };
        let person = PersonName::parse("Ada Lindqvist").map_err(Failure::from_refusal)?;
        desk.decide(command, &Actor::Person(person)).await?;
        t.command(&format!(
            "headstart partner suspend {partner} --reason \"copy found in exploit traffic\""
        ));
        match desk.fetch(case, &leaker).await {
            Err(failure) => t.good(&format!(
                "closed at once, for all its seats: {}",
                failure.message
            )),
            Ok(_) => {
                return Err(Failure::machine(
                    "demo",
                    "a suspended partner got a package",
                ));
            }
        }
        Ok(())
    }

    async fn testify(&self, key: &ProgramKey, traces: &[Traced]) -> Result<PathBuf, Failure> {
        let t = &self.teller;
        t.chapter("8 December 2026", "Evidence that does not need our word")
            .await;
        let desk = self.at("2026-12-08T18:00:00Z").await?;
        let first = traces
            .first()
            .ok_or_else(|| Failure::machine("demo", "nothing was traced"))?;
        let evidence = desk.evidence(key, &first.trace, &[]).await?;
        let path = self.dir.join("evidence.json");
        write(&path, evidence.to_text().as_bytes())?;
        t.say(
            "One file holds the leak, the masters, the accused copy's opened commitment and the proofs that it was in the \
             log before the copy was given. Anybody checks it offline, without the program's database:",
        );
        t.command(&format!("headstart verify {}", path.display()));
        let log_key = desk.config().log_key.clone();
        let verified = verify(&evidence, Some(&log_key));
        if let Err(failed) = &verified {
            return Err(Failure::machine("demo", failed.to_string()));
        }
        for step in Step::ALL {
            t.good(&format!("{}: {}", step.as_str(), step.meaning()));
        }
        t.say("");
        t.say("With one bit of the leak changed, the same check says:");
        match verify(&altered(&evidence), Some(&log_key)) {
            Err(failed) => t.refused(&failed.to_string()),
            Ok(_) => return Err(Failure::machine("demo", "altered evidence was verified")),
        }
        t.say("");
        t.say(
            "What it does not prove: that a person meant it. An account or a machine may have been stolen, and every \
             evidence file says so.",
        );
        Ok(path)
    }

    fn look_around(&self, traces: &[Traced], evidence: &Path) {
        let t = &self.teller;
        let program = program_name();
        let case = traces
            .iter()
            .find_map(|traced| traced.verdict.as_ref())
            .map_or("HS-2026-0001".to_owned(), |verdict| {
                verdict.case.to_string()
            });
        t.say("");
        t.say(&t.style().strong("Look around"));
        let dir = self.dir.display();
        let lines = [
            format!(
                "export HEADSTART_DATA={dir}/program HEADSTART_PASSPHRASE_FILE={dir}/passphrase"
            ),
            format!("{program} case show {case}"),
            format!("{program} sites {case}"),
            format!("{program} wave show {case}"),
            format!("{program} receipts {case}"),
            format!(
                "{program} package open {dir}/packages/{TEXT_LEAKER}.age --identity {dir}/seats/{TEXT_LEAKER}.key --out {dir}/{TEXT_LEAKER}"
            ),
            format!("{program} trace {dir}/leaks/forum.html"),
            format!("{program} verify {}", evidence.display()),
            format!("{program} log audit"),
        ];
        t.show(&lines.join("\n"));
    }
}

/// One bit of the leak's first file changed.
fn altered(evidence: &Evidence) -> Evidence {
    let mut altered = evidence.clone();
    if let Some(byte) = altered
        .body
        .leak
        .first_mut()
        .and_then(|file| file.bytes.0.first_mut())
    {
        *byte ^= 1;
    }
    altered
}

fn seat(name: &str) -> Result<SeatId, Failure> {
    SeatId::parse(name).map_err(Failure::from_refusal)
}

fn timestamp(text: &str) -> Result<Timestamp, Failure> {
    text.parse()
        .map_err(|_| Failure::machine("demo", format!("`{text}` is no time")))
}

/// The first sentence of the write-up that has marks, as its author wrote it.
fn first_marked_sentence() -> String {
    let (_, write_up) = material::MASTERS[0];
    let text = String::from_utf8_lossy(write_up);
    let line = text
        .lines()
        .find(|line| line.contains("{~"))
        .unwrap_or_default();
    line.split(". ").next().unwrap_or_default().to_owned() + "."
}

/// The sentence in which two copies differ most, as each has it. Lists are left out: their order is a mark too.
fn most_different<'a>(ours: &'a str, theirs: &'a str) -> (&'a str, &'a str) {
    let words = |text: &'a str| text.split(' ').collect::<BTreeSet<&str>>();
    let sentences = |text: &'a str| {
        let lines = text.lines().filter(|line| !line.starts_with("- "));
        lines.flat_map(|line| line.split(". "))
    };
    sentences(ours)
        .zip(sentences(theirs))
        .filter(|(one, other)| one.len() < 230 && other.len() < 230)
        .max_by_key(|(one, other)| words(one).difference(&words(other)).count())
        .unwrap_or_default()
}

/// The request line of the first exploit event in a log.
fn request_line(log: &str) -> String {
    let event = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|event| event["http"]["request_headers"].is_array());
    let Some(event) = event else {
        return String::new();
    };
    let http = &event["http"];
    let cookie = http["request_headers"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|header| header["name"] == "Cookie")
        .and_then(|header| header["value"].as_str())
        .unwrap_or_default();
    let body: String = http["http_request_body_printable"]
        .as_str()
        .unwrap_or_default()
        .chars()
        .take(70)
        .collect();
    format!(
        "{} {}\nCookie: {cookie}\n{body}…",
        http["http_method"].as_str().unwrap_or_default(),
        http["url"].as_str().unwrap_or_default(),
    )
}

/// How this program is called from where the reader stands.
fn program_name() -> String {
    let name = || {
        let program = std::env::current_exe().ok()?;
        let here = std::env::current_dir().ok()?;
        let relative = program.strip_prefix(&here).ok()?;
        Some(relative.display().to_string())
    };
    name().unwrap_or_else(|| "headstart".to_owned())
}

fn make_folders(dir: &Path) -> Result<(), Failure> {
    for folder in ["seats", "packages", "leaks"] {
        std::fs::create_dir_all(dir.join(folder)).map_err(|error| unusable(dir, &error))?;
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::machine(
        "unusable-file",
        format!("cannot use `{}`: {error}", path.display()),
    )
    .hint("name another folder with --dir")
}
