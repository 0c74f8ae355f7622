//! What a program tries that holds every key of its own, and wants to name a partner who did not leak.

use carriers::Master;
use domain::sealed::Digest;
use flow::book::{BookMaster, digests, plan_code};
use flow::evidence::{Body, Earlier, Evidence};
use flow::leaf::CodeLeaf;
use flow::sight::LeakFile;
use jiff::Timestamp;
use tlog::{Cosigner, Note};

use crate::frame::{Code, Fixing, Package};
use crate::world::{
    Twin, World, day, guilty, innocent, leak_of, masters, names, package_digest, plan, signed,
    verdict,
};

/// What a reader of the evidence holds: one column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The evidence and the published log key.
    Alone,
    /// And the leak as it was found.
    Leak,
    /// And the packages that the accused has.
    Packages,
    /// And a record that the program signed for the accused before the leak.
    Record,
    /// And what the accused's client kept: its last checkpoint, and the proof that came with the package.
    Kept,
    /// And two of three witnesses, and when the leak was seen.
    Witnesses,
    /// All of it.
    Everything,
}

impl Column {
    pub const ALL: [Self; 7] = [
        Self::Alone,
        Self::Leak,
        Self::Packages,
        Self::Record,
        Self::Kept,
        Self::Witnesses,
        Self::Everything,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::Leak => "+leak",
            Self::Packages => "+packages",
            Self::Record => "+record",
            Self::Kept => "+kept",
            Self::Witnesses => "+witnesses",
            Self::Everything => "everything",
        }
    }
}

/// A forgery, and what each reader holds when he is shown it.
pub struct Forgery {
    pub name: &'static str,
    pub evidence: Evidence,
    /// Words of THREAT-MODEL.md that say that this is left, and to whom.
    pub left: Option<(&'static str, Vec<Column>)>,
    /// The leak that the public found, where it is another than the world's.
    pub found: Option<Vec<LeakFile>>,
    /// Whose holdings the reader has; `None`: the innocent's of the world that the forgery is made in.
    pub holder: Option<Holder>,
}

/// The holdings that are looked at.
pub enum Holder {
    /// Those of the seat that leaked.
    Guilty,
    /// Those of the innocent in a world of its own, which the program prepared before the release.
    Of(Box<World>),
}

pub const NEW_HISTORY: &str =
    "a stranger who holds nothing else cannot tell a history that was written afterwards";
pub const PLANNED: &str = "what is planned before the release";
pub const LEAKS_COPY: &str = "whoever holds every copy can leak one of them";
pub const MADE_UP_LEAK: &str =
    "the leak in evidence is the program's word until it is compared with the one that was found";
pub const LATEST: &str = "the last roster is one that was logged, not provably the latest";
pub const COUNTS: &str = "what was tried is the program's word";

/// Columns in which a history that was written after the leak passes, when the accused has another package.
fn strangers() -> Option<(&'static str, Vec<Column>)> {
    Some((NEW_HISTORY, vec![Column::Alone, Column::Leak]))
}

pub struct Lab {
    pub world: World,
    /// Evidence against the seat that leaked: all of it true.
    pub honest: Body,
}

impl Lab {
    pub fn new() -> Self {
        let world = World::new("HS-2026-0001", Twin::None);
        let verdict = world.verdict(&world.leak);
        assert!(
            names(&verdict, &guilty()),
            "the control: a whole copy names its seat"
        );
        let honest = world.testify(&verdict, &world.leak).unwrap();
        Self { world, honest }
    }

    pub fn forgery(&self, name: &'static str, body: Body) -> Forgery {
        Forgery {
            name,
            evidence: signed(body),
            left: None,
            found: None,
            holder: None,
        }
    }

    /// Evidence against two that leaked together: all of it true.
    pub fn pair(&self) -> Body {
        let other = self.world.seating(&"p-03.s2".parse().unwrap());
        let mut leak = self.world.leak.clone();
        leak[1] = leak_of(&self.world, &other)[1].clone();
        let verdict = self.world.verdict(&leak);
        assert_eq!(verdict.accused.len(), 2, "the control: both are named");
        self.world.testify(&verdict, &leak).unwrap()
    }

    /// Every forgery.
    pub fn forgeries(&self) -> Vec<Forgery> {
        let mut all = Vec::new();
        self.alterations(&mut all);
        self.afterwards(&mut all);
        self.forks(&mut all);
        self.planned(&mut all);
        all
    }

    /// The honest evidence with something changed, and signed again.
    fn alterations(&self, all: &mut Vec<Forgery>) {
        let mut add = |name: &'static str, alter: &dyn Fn(&mut Body)| {
            let mut body = self.honest.clone();
            alter(&mut body);
            all.push(self.forgery(name, body));
        };
        let own = self.opened_seats(&innocent());
        add("other names over the same leaves", &|body| {
            body.accused[0].partner = "p-02".to_owned();
            body.accused[0].seat = Some(innocent().to_string());
            for seat in &mut body.accused[0].seats {
                seat.seat = seat.seat.replace("p-05", "p-02");
            }
        });
        add("the innocent's leaves with the guilty's seeds", &|body| {
            body.accused[0].partner = "p-02".to_owned();
            body.accused[0].seat = Some(innocent().to_string());
            for (seat, own) in body.accused[0].seats.iter_mut().zip(&own) {
                seat.seat = own.seat.clone();
                seat.leaf = own.leaf.clone();
            }
        });
        add("the guilty's seeds under the innocent's name", &|body| {
            self.put_innocent(body, &own);
            let honest = &self.honest.accused[0];
            let accused = &mut body.accused[0];
            let renamed = |text: &str| text.replace("p-05", "p-02");
            accused.partner_seed.text = renamed(&honest.partner_seed.text);
            for (seat, guilty) in accused.seats.iter_mut().zip(&honest.seats) {
                seat.seed.text = renamed(&guilty.seed.text);
            }
        });
        add("a seed that was made up", &|body| {
            let text = &mut body.accused[0].seats[0].seed.text;
            let at = text.len() - 5;
            let digit = if text[at..].starts_with('0') {
                "1"
            } else {
                "0"
            };
            text.replace_range(at..at + 1, digit);
        });
        add("the seeds of two seats exchanged", &|body| {
            let (first, second) = body.accused[0].seats.split_at_mut(1);
            std::mem::swap(&mut first[0].seed, &mut second[0].seed);
        });
        add("a seed at another place of its tree", &|body| {
            body.accused[0].seats[0].seed.index ^= 1;
        });
        add("a press left out", &|body| {
            body.presses.remove(0);
        });
        add("two presses exchanged", &|body| body.presses.swap(0, 1));
        add("other witnesses than the roster names", &|body| {
            body.presses[0].witnesses = None;
        });
        add("a cosignature left out of what was mixed in", &|body| {
            let beacon = &mut body.presses[0].beacon.checkpoint;
            let last = beacon.trim_end().rfind('\n').unwrap();
            beacon.truncate(last + 1);
        });
        add(
            "the innocent's leaves, keys and numbers, the guilty's findings",
            &|body| {
                self.put_innocent(body, &own);
            },
        );
        add(
            "the same with findings that are worked out again",
            &|body| {
                self.put_innocent(body, &own);
                self.recompute(body, None);
            },
        );
        add("the same with the bar at one half", &|body| {
            self.put_innocent(body, &own);
            body.bar.innocent_risk = 0.5;
            self.recompute(body, None);
        });
        add("a risk that is stated lower", &|body| {
            body.accused[0].finding.innocent_risk /= 1e3;
        });
        add("one seat of the partner hidden", &|body| {
            body.accused[0].seats.pop();
        });
        add("one seat opened twice for both", &|body| {
            body.accused[0].seats[1] = body.accused[0].seats[0].clone();
        });
        add("other numbers of the copy", &|body| {
            let seed = &mut body.accused[0].seats[0].seed;
            seed.text = seed
                .text
                .replace("slot 8", "slot 0")
                .replace("group 4", "group 0");
        });
        add("other copies than were committed", &|body| {
            let leaf = &mut body.accused[0].seats[0].leaf;
            leaf.text = leaf.text.replace("copy a1 ", "copy a2 ");
        });
        add("other masters", &|body| {
            let text = String::from_utf8(body.masters[0].bytes.0.clone()).unwrap();
            body.masters[0].bytes.0 = text.replacen("converts", "changes", 1).into_bytes();
        });
        add("other biases", &|body| {
            let other = plan("HS-2026-0001", [77; 32], Digest::of(b"other"), 1e-2);
            body.code.0 = other.code().to_bytes();
        });
        add("readings that suit", &|body| body.readings.reverse());
        add("another value mixed into the secret", &|body| {
            let (_, note) = &self.world.log.checkpoints[1];
            body.presses[0].beacon = self.world.log.earlier(note);
        });
        add("another case's name", &|body| {
            body.case = "HS-2026-0002".to_owned()
        });
        let other = World::new("HS-2026-0002", Twin::None);
        let verdict = other.verdict(&other.leak);
        let replayed = other.testify(&verdict, &other.leak).unwrap();
        add("another case's evidence over this leak", &|body| {
            let (leak, case) = (body.leak.clone(), body.case.clone());
            *body = replayed.clone();
            body.leak = leak;
            body.case = case;
        });
        add("another case's receipts", &|body| {
            body.accused[0].receipts = replayed.accused[0].receipts.clone();
        });
        add("a checkpoint of the past that is no beginning", &|body| {
            body.history.push(Earlier {
                checkpoint: replayed.history[0].checkpoint.clone(),
                proof: body.history[0].proof.clone(),
            });
        });
        // True in everything but how much was tried.
        let mut body = self.honest.clone();
        body.bar.alignments = 1;
        let mut understated = self.forgery("cases tried: eight, stated: one", body);
        understated.left = Some((COUNTS, Column::ALL.to_vec()));
        understated.holder = Some(Holder::Guilty);
        all.push(understated);
        // The same without the last press, and with the finding worked out again.
        let mut body = self.honest.clone();
        body.presses.pop();
        body.accused[0].seats.pop();
        self.recompute(&mut body, None);
        let mut earlier = self.forgery("the last press left out, and its seat", body);
        earlier.left = Some((LATEST, Column::ALL.to_vec()));
        earlier.holder = Some(Holder::Guilty);
        all.push(earlier);
    }

    /// New entries after the leak, in the same log; the witnesses cosign them on day 6, as they must.
    fn afterwards(&self, all: &mut Vec<Forgery>) {
        let late = |name: &'static str, package: Package, at: Timestamp, code: Code| {
            let mut log = self.world.log.clone();
            let mut body = self.frame(&mut log, package, at, code);
            self.witnessed_late(&mut log, &mut body);
            self.forgery(name, body)
        };
        let fresh = Package::Fresh;
        all.push(late(
            "a second package after the leak, dated back",
            fresh,
            day(2),
            Code::Same,
        ));
        all.push(late(
            "a second package after the leak, dated after it",
            fresh,
            day(6),
            Code::Same,
        ));
        all.push(late(
            "the accused's own package number over other copies",
            Package::Own,
            day(2),
            Code::Same,
        ));
        all.push(late(
            "the code logged again after the leak",
            fresh,
            day(2),
            Code::Again,
        ));
        all.push(late(
            "a code with other biases, logged after the leak",
            fresh,
            day(2),
            Code::Other,
        ));
        all.push(late(
            "a code of another decoder",
            fresh,
            day(2),
            Code::OtherDecoder,
        ));
        all.push(late(
            "a smaller roster with the framed packages",
            fresh,
            day(2),
            Code::SmallRoster,
        ));
        all.push(self.small_roster_for_true_packages());
        all.push(self.masters_after_the_value());
        all.push(self.bar_after_the_value());
        let mut log = self.world.log.clone();
        let mut body = self.ground_with(&mut log, fresh, day(2), Fixing::RosterLate);
        self.witnessed_late(&mut log, &mut body);
        all.push(self.forgery("seeds chosen once what is mixed in was known", body));
        for (name, package) in [
            ("the whole case again, tried until he fits", fresh),
            (
                "the same, with the accused's own package number",
                Package::Own,
            ),
        ] {
            let mut log = self.world.log.clone();
            let mut body = self.ground(&mut log, package, day(2));
            self.witnessed_late(&mut log, &mut body);
            let mut forgery = self.forgery(name, body);
            forgery.left = strangers();
            all.push(forgery);
        }
        // An invented or re-dated receipt over the innocent's true package, with a leak that the program wrote.
        let mut log = self.world.log.clone();
        let package = package_digest(&innocent());
        let receipt = self.receipt(&mut log, package, day(1), self.next_link(&self.world.log));
        let mut body = self.own_copy_body();
        body.accused[0].receipts = vec![log.open(receipt)];
        self.reopen(&mut body, &mut log);
        self.witnessed_late(&mut log, &mut body);
        let mut forged = self.forgery(
            "a leak made up from the innocent's copy, and a receipt dated back",
            body,
        );
        forged.left = Some((MADE_UP_LEAK, vec![Column::Alone, Column::Packages]));
        all.push(forged);
        let mut forged = self.forgery(
            "a leak made up from the innocent's copy",
            self.own_copy_body(),
        );
        forged.left = Some((
            MADE_UP_LEAK,
            vec![
                Column::Alone,
                Column::Packages,
                Column::Record,
                Column::Kept,
                Column::Witnesses,
            ],
        ));
        forged.evidence = signed(self.with_witnesses(self.own_copy_body()));
        all.push(forged);
    }

    /// Second logs by the same key.
    fn forks(&self, all: &mut Vec<Forgery>) {
        let forked = |from: u64, package: Package| {
            let mut log = self.world.log.prefix(from);
            self.ground(&mut log, package, day(2))
        };
        let code = self.world.code;
        let receipts = self.world.places.values().flat_map(|own| &own.receipts);
        let receipts = receipts.copied().min().unwrap();
        for (name, from, package) in [
            ("a log forked before the code", code, Package::Fresh),
            (
                "a log forked before the code, with the accused's package number",
                code,
                Package::Own,
            ),
            ("a log forked before the receipts", receipts, Package::Fresh),
            ("the whole log rewritten", 0, Package::Own),
        ] {
            let mut forgery = self.forgery(name, forked(from, package));
            forgery.left = strangers();
            all.push(forgery);
        }
        // The same with cosignatures that were not given for it.
        let body = forked(code, Package::Own);
        let mut forgery = self.forgery(
            "a forked log with the program's own witnesses of the same names",
            {
                let mut body = body.clone();
                let mut note = Note::parse(&body.checkpoint).unwrap();
                for number in 1..=3 {
                    let key =
                        Cosigner::from_seed(&format!("witness.example/{number}"), [7; 32]).unwrap();
                    let line = key.cosign(&note, day(2).as_second() as u64).unwrap();
                    note.add(line).unwrap();
                }
                body.checkpoint = note.to_text();
                body
            },
        );
        forgery.left = strangers();
        all.push(forgery);
        let mut forgery = self.forgery("a forked log with cosignatures of the true one", {
            let mut body = body.clone();
            let mut note = Note::parse(&body.checkpoint).unwrap();
            let (_, honest) = self.world.log.checkpoints.last().unwrap();
            for line in honest.signatures().iter().skip(1) {
                note.add(line.clone()).unwrap();
            }
            body.checkpoint = note.to_text();
            body
        });
        forgery.left = strangers();
        all.push(forgery);
        all.push(
            self.forgery("a forked log that shows a true checkpoint as its past", {
                let mut body = body.clone();
                let last = self.world.log.history().pop().unwrap();
                body.history.push(last);
                body
            }),
        );
    }

    /// Masters, or a bar, that were written once the codewords were known, with everything after them made to fit.
    fn code_after_the_value(
        &self,
        name: &'static str,
        masters: &[BookMaster],
        bar: f64,
    ) -> Forgery {
        let mut log = self.world.log.clone();
        let mut body = self.honest.clone();
        let mut leaf = CodeLeaf::parse(&body.code_leaf.text).unwrap();
        let code = plan_code(masters, 12, bar, &leaf.beacon).unwrap();
        leaf.masters = digests(masters);
        leaf.code = Digest::of(&code.to_bytes());
        leaf.innocent_risk = bar;
        let index = log.commit(leaf.to_text());
        for (file, master) in body.masters.iter_mut().zip(masters) {
            file.bytes.0 = master.source.clone();
        }
        body.code.0 = code.to_bytes();
        body.code_leaf.index = index;
        self.reopen(&mut body, &mut log);
        self.forgery(name, body)
    }

    fn masters_after_the_value(&self) -> Forgery {
        let mut masters = masters();
        let text = String::from_utf8(masters[0].source.clone()).unwrap();
        let from = text.find("{~").unwrap();
        let end = from + text[from..].find("~}").unwrap() + 2;
        let source = format!("{}via{}", &text[..from], &text[end..]).into_bytes();
        masters[0].master = Master::parse(masters[0].master.file_name(), &source).unwrap();
        masters[0].source = source;
        self.code_after_the_value(
            "masters written once the codewords were known",
            &masters,
            1e-6,
        )
    }

    fn bar_after_the_value(&self) -> Forgery {
        self.code_after_the_value(
            "a bar chosen once the codewords were known",
            &masters(),
            1e-2,
        )
    }

    /// What the program prepares before anything is given: there is no history to rewrite.
    fn planned(&self, all: &mut Vec<Forgery>) {
        all.push(self.twin(
            Twin::Committed,
            "one key committed for two partners, each given his own",
        ));
        all.push(self.twin(Twin::Given, "one key and one copy for two partners"));
        // Who leaks here is the innocent's neighbour, who was given what the log commits to another.
        let world = World::new("HS-2026-0001", Twin::Swapped);
        let swapped = self.forgery(
            "his copy given to another partner too, who leaks it",
            world
                .testify(&world.verdict(&world.leak), &world.leak)
                .unwrap(),
        );
        let neighbour = |name, evidence: &Evidence| Forgery {
            name,
            evidence: evidence.clone(),
            left: None,
            found: None,
            holder: Some(Holder::Guilty),
        };
        all.push(Forgery {
            left: Some((PLANNED, Column::ALL.to_vec())),
            ..neighbour(swapped.name, &swapped.evidence)
        });
        // And what no log can exclude.
        let seating = self.world.seating(&innocent());
        let leak = leak_of(&self.world, &seating);
        let mut forged = self.forgery(
            "the program leaks the innocent's own copy",
            self.with_witnesses(self.own_copy_body()),
        );
        forged.found = Some(leak);
        forged.left = Some((LEAKS_COPY, Column::ALL.to_vec()));
        all.push(forged);
    }

    /// The guilty's leak, put upon the innocent whose twin he was made.
    fn twin(&self, twin: Twin, name: &'static str) -> Forgery {
        let world = World::new("HS-2026-0001", twin);
        let verdict = world.verdict(&world.leak);
        let honest = world.testify(&verdict, &world.leak).unwrap();
        let lab = Lab { world, honest };
        let mut body = lab.honest.clone();
        let own = lab.opened_seats(&innocent());
        let accused = &mut body.accused[0];
        accused.partner = "p-02".to_owned();
        accused.seat = Some(innocent().to_string());
        // His own seeds: the guilty's name the guilty.
        accused.seats = own;
        accused.partner_seed = lab.opened_partner("p-02");
        let receipts = &lab.world.places[&innocent()].receipts;
        accused.receipts = receipts.iter().map(|at| lab.world.log.open(*at)).collect();
        let mut forged = self.forgery(name, body);
        forged.holder = Some(Holder::Of(Box::new(lab.world)));
        forged
    }

    /// Tries secrets and beacons until an innocent codeword fits the leak; the answer is how many did.
    pub fn grind(&self, tries: u32) -> (u32, f64) {
        let mut framed = 0;
        let mut lowest: f64 = 1.0;
        for number in 0..tries {
            let secret = *Digest::of(&number.to_le_bytes()).as_bytes();
            let beacon = Digest::of(&number.to_be_bytes());
            let book = plan("HS-2026-0001", secret, beacon, 1e-6);
            let found = verdict(&book, &self.world.leak);
            framed += u32::from(!found.accused.is_empty());
            for named in found.accused.iter().chain(&found.leads) {
                lowest = lowest.min(named.finding.innocent_risk);
            }
        }
        (framed, lowest)
    }
}
