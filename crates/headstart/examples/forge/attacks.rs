//! What a program tries that holds every key of its own, and wants to name a partner who did not leak.

use domain::chain::{Link, entry_digest};
use domain::ids::SeatId;
use domain::sealed::Digest;
use fingerprint::{Counts, Key, Method};
use flow::evidence::{Body, Earlier, Evidence, Finding, OpenedSeat};
use flow::leaf::{CodeLeaf, PackageLeaf, ReceiptLeaf, RosterLeaf};
use flow::press;
use flow::sight::LeakFile;
use flow::verify::engine_bar;
use jiff::Timestamp;
use tlog::{Cosigner, Note};

use crate::log::{Log, Witness};
use crate::world::{
    Twin, World, beacon, cosign, day, guilty, innocent, names, package_digest, plan, signed,
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

    fn forgery(&self, name: &'static str, body: Body) -> Forgery {
        Forgery {
            name,
            evidence: signed(body),
            left: None,
            found: None,
            holder: None,
        }
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
        add("the innocent's leaves with the guilty's keys", &|body| {
            body.accused[0].partner = "p-02".to_owned();
            body.accused[0].seat = Some(innocent().to_string());
            for (seat, own) in body.accused[0].seats.iter_mut().zip(&own) {
                seat.seat = own.seat.clone();
                seat.leaf = own.leaf.clone();
            }
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
            body.accused[0].seats[0].slot = 0;
            body.accused[0].seats[0].group = 0;
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
            let other = plan("HS-2026-0001", [77; 32], b"other", 1e-2);
            body.code.0 = other.code().to_bytes();
        });
        add("readings that suit", &|body| body.readings.reverse());
        add("another value mixed into the secret", &|body| {
            let (_, note) = &self.world.log.checkpoints[1];
            body.beacon.as_mut().unwrap().checkpoint = note.to_text();
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
        let mut add = |forgery: Forgery, left| all.push(Forgery { left, ..forgery });
        add(
            late(
                "a second package after the leak, dated back",
                fresh,
                day(2),
                Code::Same,
            ),
            strangers(),
        );
        add(
            late(
                "a second package after the leak, dated after it",
                fresh,
                day(6),
                Code::Same,
            ),
            strangers(),
        );
        add(
            late(
                "the accused's own package number over other copies",
                Package::Own,
                day(2),
                Code::Same,
            ),
            strangers(),
        );
        add(
            late(
                "the whole case logged anew after the leak",
                fresh,
                day(2),
                Code::Again,
            ),
            strangers(),
        );
        add(
            late(
                "a code with other biases, logged after the leak",
                fresh,
                day(2),
                Code::Other,
            ),
            strangers(),
        );
        add(
            late(
                "a code of another decoder",
                fresh,
                day(2),
                Code::OtherDecoder,
            ),
            None,
        );
        add(
            late(
                "a smaller roster with the framed packages",
                fresh,
                day(2),
                Code::SmallRoster,
            ),
            strangers(),
        );
        add(self.small_roster_for_true_packages(), None);
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
            self.frame(&mut log, package, day(2), Code::Again)
        };
        for (name, from, package) in [
            ("a log forked before the code", 1, Package::Fresh),
            (
                "a log forked before the code, with the accused's package number",
                1,
                Package::Own,
            ),
            (
                "a log forked before the receipts",
                self.world.log.size() - 12,
                Package::Fresh,
            ),
            ("the whole log rewritten", 0, Package::Own),
        ] {
            let mut forgery = self.forgery(name, forked(from, package));
            forgery.left = strangers();
            all.push(forgery);
        }
        // The same with cosignatures that were not given for it.
        let body = forked(1, Package::Own);
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

    /// What the program prepares before anything is given: there is no history to rewrite.
    fn planned(&self, all: &mut Vec<Forgery>) {
        let committed = self.twin(
            Twin::Committed,
            "other copies committed before the release than are given",
        );
        all.push(Forgery {
            left: Some((
                PLANNED,
                vec![
                    Column::Alone,
                    Column::Leak,
                    Column::Record,
                    Column::Kept,
                    Column::Witnesses,
                ],
            )),
            ..committed
        });
        let given = self.twin(Twin::Given, "one copy given to two partners");
        all.push(Forgery {
            left: Some((PLANNED, Column::ALL.to_vec())),
            ..given
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
        for (seat, own) in accused.seats.iter_mut().zip(&own) {
            seat.seat = own.seat.clone();
            seat.leaf = own.leaf.clone();
        }
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
            let book = plan("HS-2026-0001", secret, &number.to_be_bytes(), 1e-6);
            let found = verdict(&book, &self.world.leak);
            framed += u32::from(!found.accused.is_empty());
            for named in found.accused.iter().chain(&found.leads) {
                lowest = lowest.min(named.finding.innocent_risk);
            }
        }
        (framed, lowest)
    }

    /// Evidence in which the innocent stands for the guilty, with new entries in `log`.
    fn frame(&self, log: &mut Log, package: Package, at: Timestamp, code: Code) -> Body {
        let mut body = self.honest.clone();
        let bytes = match code {
            Code::Other => plan("HS-2026-0001", [77; 32], b"other", 1e-2)
                .code()
                .to_bytes(),
            _ => body.code.0.clone(),
        };
        let roster_text = match code {
            Code::SmallRoster => {
                let mut roster = RosterLeaf::parse(&body.roster_leaf.text).unwrap();
                roster.sizes = vec![1, 1, 1, 1, 2];
                roster.to_text()
            }
            _ => body.roster_leaf.text.clone(),
        };
        let mut code_leaf = CodeLeaf::parse(&body.code_leaf.text).unwrap();
        code_leaf.code = Digest::of(&bytes);
        if code == Code::OtherDecoder {
            code_leaf.decoder = "0".to_owned();
        }
        let mut roster = RosterLeaf::parse(&roster_text).unwrap();
        roster.code = code_leaf.code;
        let is_new = code != Code::Same || log.place(&code_leaf.to_text()).is_none();
        let (code_at, roster_at) = if is_new {
            (
                log.commit(code_leaf.to_text()),
                log.commit(roster.to_text()),
            )
        } else {
            (
                log.place(&code_leaf.to_text()).unwrap(),
                log.place(&roster.to_text()).unwrap(),
            )
        };
        log.sign();
        let roster_digest = entry_digest(&log.commitment(roster_at).leaf());
        // The copies must come out again from the code that is shown.
        let artifacts: Vec<_> = code_leaf.masters.iter().map(|(id, _)| id.clone()).collect();
        let shown = fingerprint::Code::from_bytes(&bytes).unwrap();
        let mut link = self.next_link(log);
        let mut given = None;
        let mut seats = Vec::new();
        for seat in body.accused[0].seats.clone() {
            let own: SeatId = seat.seat.replace("p-05", "p-02").parse().unwrap();
            let mut leaf = PackageLeaf::parse(&seat.leaf.text).unwrap();
            let copies = press::copies_from(
                self.world.book.masters(),
                &shown,
                &key(&body.accused[0].partner_key),
                &key(&seat.key),
                &artifacts,
            )
            .unwrap();
            leaf.copies = copies
                .iter()
                .map(|copy| (copy.artifact.clone(), Digest::of(&copy.bytes)))
                .collect();
            leaf.code = code_leaf.code;
            leaf.roster = roster_digest;
            leaf.partner = "p-02".parse().unwrap();
            leaf.package = match package {
                Package::Own => package_digest(&own),
                Package::Fresh => Digest::of(format!("made up for {own}").as_bytes()),
            };
            leaf.seat = own.clone();
            let is_accused = own == innocent();
            leaf.link = if is_accused { link } else { Link::FIRST };
            let index = log.commit(leaf.to_text());
            if is_accused {
                link = link.next(&log.commitment(index).leaf());
                given = Some(leaf.package);
            }
            seats.push((seat, own, index));
        }
        let receipt = self.receipt(log, given.unwrap(), at, link);
        log.sign();
        body.code.0 = bytes;
        body.code_leaf = log.open(code_at);
        body.roster_leaf = log.open(roster_at);
        let accused = &mut body.accused[0];
        accused.partner = "p-02".to_owned();
        accused.seat = Some(innocent().to_string());
        accused.seats = seats
            .into_iter()
            .map(|(seat, own, index)| OpenedSeat {
                seat: own.to_string(),
                leaf: log.open(index),
                ..seat
            })
            .collect();
        accused.rosters = vec![log.open(roster_at)];
        accused.receipts = vec![log.open(receipt)];
        body.checkpoint = log.checkpoints.last().unwrap().1.to_text();
        body.history = log.history();
        body.beacon = self.beacon(log);
        self.recompute(&mut body, Some(roster));
        body
    }

    fn receipt(&self, log: &mut Log, package: Digest, at: Timestamp, link: Link) -> u64 {
        let leaf = ReceiptLeaf {
            case: "HS-2026-0001".parse().unwrap(),
            partner: "p-02".parse().unwrap(),
            seat: innocent(),
            link,
            package,
            at,
        };
        log.commit(leaf.to_text())
    }

    /// The next place in the innocent's chain, as this log has it.
    fn next_link(&self, log: &Log) -> Link {
        let places = &self.world.places[&innocent()];
        let known = [places.package]
            .into_iter()
            .chain(places.receipts.iter().copied())
            .filter(|index| *index < log.size())
            .filter(|index| {
                log.commitment(*index).leaf() == self.world.log.commitment(*index).leaf()
            });
        known.fold(Link::FIRST, |link, index| {
            link.next(&log.commitment(index).leaf())
        })
    }

    /// The witnesses see the log that only grew, and cosign it when they see it.
    fn witnessed_late(&self, log: &mut Log, body: &mut Body) {
        let mut witnesses: Vec<_> = (1..=3).map(Witness::new).collect();
        log.sign();
        cosign(&mut witnesses, log, 6);
        self.reopen(body, log);
    }

    /// Every leaf of a body, opened under the newest checkpoint of this log.
    fn reopen(&self, body: &mut Body, log: &mut Log) {
        if log
            .checkpoints
            .last()
            .is_none_or(|(size, _)| *size < log.size())
        {
            log.sign();
        }
        let mut leaves = vec![&mut body.code_leaf, &mut body.roster_leaf];
        for accused in &mut body.accused {
            leaves.extend(accused.seats.iter_mut().map(|seat| &mut seat.leaf));
            leaves.extend(accused.rosters.iter_mut());
            leaves.extend(accused.receipts.iter_mut());
            leaves.extend(accused.given.iter_mut());
        }
        for leaf in leaves {
            *leaf = log.open(leaf.index);
        }
        body.checkpoint = log.checkpoints.last().unwrap().1.to_text();
        body.history = log.history();
        body.beacon = self.beacon(log);
    }

    /// What was mixed into the secret, where this log still has it; a log that was rewritten leaves it out.
    fn beacon(&self, log: &Log) -> Option<flow::evidence::Beacon> {
        let is_there = log.commitment(0).leaf() == self.world.log.commitment(0).leaf();
        is_there.then(|| beacon(log)).flatten()
    }

    /// Evidence over the world's own log, with its cosignatures.
    fn with_witnesses(&self, mut body: Body) -> Body {
        let mut log = self.world.log.clone();
        self.reopen(&mut body, &mut log);
        body
    }

    /// True evidence against the innocent, of a leak that is the innocent's copy.
    fn own_copy_body(&self) -> Body {
        let seating = self.world.seating(&innocent());
        let leak = leak_of(&self.world, &seating);
        let verdict = self.world.verdict(&leak);
        assert!(names(&verdict, &innocent()));
        self.world.testify(&verdict, &leak).unwrap()
    }

    /// True packages of the guilty, a smaller roster that was logged after the leak.
    fn small_roster_for_true_packages(&self) -> Forgery {
        let mut log = self.world.log.clone();
        let mut body = self.honest.clone();
        let mut roster = RosterLeaf::parse(&body.roster_leaf.text).unwrap();
        roster.sizes = vec![1, 1, 1, 1, 2];
        let index = log.commit(roster.to_text());
        log.sign();
        body.roster_leaf = log.open(index);
        self.reopen(&mut body, &mut log);
        self.recompute(&mut body, Some(roster));
        Forgery {
            holder: Some(Holder::Guilty),
            ..self.forgery("a smaller roster after the leak, over true packages", body)
        }
    }

    /// The innocent's opened seats, as the program would open them.
    fn opened_seats(&self, seat: &SeatId) -> Vec<OpenedSeat> {
        let partner = self.world.seating(seat).partner;
        let seatings = self.world.book.seatings().iter();
        let own = seatings.filter(|own| own.partner == partner);
        own.map(|own| {
            let place = press::place(&self.world.book, own);
            let key = self.world.book.key().of_seat(own.slot, own.seat.as_str());
            OpenedSeat {
                seat: own.seat.to_string(),
                key: Digest::from_bytes(*key.expose()).to_string(),
                group: place.group,
                slot: place.slot,
                place_salt: Digest::from_bytes(place.salt).to_string(),
                leaf: self.world.log.open(self.world.places[&own.seat].package),
            }
        })
        .collect()
    }

    fn put_innocent(&self, body: &mut Body, own: &[OpenedSeat]) {
        let accused = &mut body.accused[0];
        accused.partner = "p-02".to_owned();
        accused.seat = Some(innocent().to_string());
        accused.seats = own.to_vec();
        let partner = self.world.book.key().of_partner("p-02");
        accused.partner_key = Digest::from_bytes(*partner.expose()).to_string();
        let receipts = &self.world.places[&innocent()].receipts;
        accused.receipts = receipts.iter().map(|at| self.world.log.open(*at)).collect();
        let mut method = Method::from_bytes(&accused.method.0).unwrap();
        method.group = own[0].group;
        method.slot = method.slot.map(|_| own[0].slot);
        method.given.clear();
        method.seats = own
            .iter()
            .take(method.seats.len())
            .map(|own| key(&own.key))
            .collect();
        accused.method.0 = method.to_bytes();
        accused.given.clear();
    }

    /// The findings that belong to what a body shows.
    fn recompute(&self, body: &mut Body, roster: Option<RosterLeaf>) {
        let roster = roster.unwrap_or_else(|| RosterLeaf::parse(&body.roster_leaf.text).unwrap());
        let code = fingerprint::Code::from_bytes(&body.code.0).unwrap();
        let leak: Vec<LeakFile> = body
            .leak
            .iter()
            .map(|file| LeakFile {
                name: file.name.clone(),
                bytes: file.bytes.0.clone(),
                origin: None,
            })
            .collect();
        let leak = flow::sight::leak(&leak).unwrap();
        let readings: Vec<fingerprint::Reading> = self
            .world
            .book
            .masters()
            .iter()
            .flat_map(|entry| carriers::read(&entry.master, &leak))
            .map(|site| site.reading)
            .collect();
        let bar = engine_bar(&body.bar);
        for accused in &mut body.accused {
            let method = Method::from_bytes(&accused.method.0).unwrap();
            let counts = Counts {
                groups: roster.sizes.len() as u64,
                slots: roster.sizes.iter().map(|size| u64::from(*size)).sum(),
                group_slots: accused.seats.len() as u64,
            };
            let named = accused.seat.clone();
            let own = accused
                .seats
                .iter()
                .find(|own| Some(&own.seat) == named.as_ref());
            let seat_key = own
                .filter(|_| method.slot.is_some())
                .map(|own| key(&own.key));
            let partner_key = key(&accused.partner_key);
            let found = fingerprint::recompute(
                &code,
                &readings,
                &partner_key,
                seat_key.as_ref(),
                &counts,
                &bar,
                &method,
            );
            if let Ok(found) = found {
                accused.finding = Finding::from(&found);
            }
        }
    }
}

/// Which package a framed leaf names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Package {
    /// The digest of the one that the accused really has.
    Own,
    /// One that was made up.
    Fresh,
}

/// Under which code a frame is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    /// The one that was logged before the release.
    Same,
    /// The same, logged once more.
    Again,
    /// One with other biases.
    Other,
    /// One for a decoder of another version.
    OtherDecoder,
    /// The same, with a smaller roster.
    SmallRoster,
}

fn leak_of(world: &World, seating: &flow::book::Seating) -> Vec<LeakFile> {
    press::copies(&world.book, seating)
        .unwrap()
        .into_iter()
        .map(|copy| LeakFile {
            name: copy.file_name,
            bytes: copy.bytes,
            origin: None,
        })
        .collect()
}

fn key(text: &str) -> Key {
    Key::from_bytes(*Digest::parse(text).unwrap().as_bytes())
}
