//! Evidence made to name a partner who did not leak: entries, findings and proofs that belong to it.

use domain::chain::Link;
use domain::ids::SeatId;
use domain::sealed::Digest;
use fingerprint::{Bar, Counts, Key, Method};
use flow::beacon::Beacon;
use flow::book::Book;
use flow::evidence::{Body, Finding, OpenedLeaf, OpenedSeat};
use flow::keys::CaseSecret;
use flow::leaf::{CodeLeaf, Owner, PackageLeaf, ReceiptLeaf, RosterLeaf, SeedLeaf};
use flow::press;
use flow::seats::{Seating, Seats};
use flow::seeds;
use flow::sight::LeakFile;
use flow::testify::{Proofs, testify};
use flow::verify::engine_bar;
use jiff::Timestamp;
use tlog::Note;

use crate::attacks::{Forgery, Holder, Lab};
use crate::log::{Log, Witness, signer};
use crate::world::{
    cosign, day, fix, innocent, judged, leak_of, masters, names, package_digest, plan, readings,
    shown,
};

/// The bar of a history that is tried until an innocent fits: at the usual one it takes millions of tries.
const GROUND_BAR: f64 = 0.1;
/// Tries after which the harness gives up.
const GROUND_TRIES_MAX: u32 = 100_000;

/// Which package a framed leaf names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Package {
    /// The digest of the one that the accused really has.
    Own,
    /// One that was made up.
    Fresh,
}

/// Under which code a frame is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
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

/// Whether a ground history keeps to the order that `verify` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fixing {
    InOrder,
    /// The roster, and so the seeds, once what is mixed in is known.
    RosterLate,
}

impl Lab {
    /// Evidence in which the innocent stands for the guilty, with new entries in `log`: packages for the innocent's
    /// seats that commit to the guilty's keys and copies.
    pub fn frame(&self, log: &mut Log, package: Package, at: Timestamp, code: Code) -> Body {
        let mut body = self.honest.clone();
        let mut code_leaf = CodeLeaf::parse(&body.code_leaf.text).unwrap();
        match code {
            Code::Other => {
                let other = plan("HS-2026-0001", [77; 32], Digest::of(b"other"), 1e-2);
                body.code.0 = other.code().to_bytes();
                code_leaf.code = Digest::of(&body.code.0);
            }
            Code::OtherDecoder => code_leaf.decoder = "0".to_owned(),
            _ => {}
        }
        let mut code_at = self.world.code;
        if code != Code::Same {
            code_at = log.commit(code_leaf.to_text());
        }
        if code == Code::SmallRoster {
            let last = &mut body.presses.last_mut().unwrap().roster;
            let mut roster = RosterLeaf::parse(&last.text).unwrap();
            roster.sizes = vec![1, 1, 1, 1, 3];
            last.index = log.commit(roster.to_text());
        }
        // The copies must come out again from the code that is shown.
        let artifacts: Vec<_> = code_leaf.masters.iter().map(|(id, _)| id.clone()).collect();
        let shown = fingerprint::Code::from_bytes(&body.code.0).unwrap();
        let partner_key = self.key(&body.accused[0].partner_seed);
        let mut link = self.next_link(log);
        let mut given = None;
        let own_seats = self.opened_seats(&innocent());
        for (seat, own) in body.accused[0].seats.iter_mut().zip(&own_seats) {
            let name: SeatId = own.seat.parse().unwrap();
            let copies = press::copies_from(
                self.world.book.masters(),
                &shown,
                &partner_key,
                &self.key(&seat.seed),
                &artifacts,
            )
            .unwrap();
            let mut leaf = PackageLeaf::parse(&seat.leaf.text).unwrap();
            leaf.copies = copies
                .iter()
                .map(|copy| (copy.artifact.clone(), Digest::of(&copy.bytes)))
                .collect();
            leaf.code = code_leaf.code;
            leaf.partner = "p-02".parse().unwrap();
            leaf.package = match package {
                Package::Own => package_digest(&name),
                Package::Fresh => Digest::of(format!("made up for {name}").as_bytes()),
            };
            leaf.seat = name.clone();
            let is_accused = name == innocent();
            leaf.link = if is_accused { link } else { Link::FIRST };
            let index = log.commit(leaf.to_text());
            if is_accused {
                link = link.next(&log.commitment(index).leaf());
                given = Some(leaf.package);
            }
            *seat = OpenedSeat {
                leaf: log.open(index),
                ..own.clone()
            };
        }
        let receipt = self.receipt(log, given.unwrap(), at, link);
        body.code_leaf.index = code_at;
        let accused = &mut body.accused[0];
        accused.partner = "p-02".to_owned();
        accused.seat = Some(innocent().to_string());
        accused.seats.truncate(own_seats.len());
        accused.partner_seed = self.opened_partner("p-02");
        accused.receipts = vec![log.open(receipt)];
        self.reopen(&mut body, log);
        self.recompute(&mut body, None);
        body
    }

    /// A case made after the leak, with secrets tried until a copy of the innocent's fits it: everything in it is as
    /// it should be, but for the time.
    pub fn ground(&self, log: &mut Log, package: Package, at: Timestamp) -> Body {
        self.ground_with(log, package, at, Fixing::InOrder)
    }

    /// The same, with roster and mixed-in value in this order.
    pub fn ground_with(
        &self,
        log: &mut Log,
        package: Package,
        at: Timestamp,
        fixing: Fixing,
    ) -> Body {
        let case = self.world.book.case().clone();
        let seating = Seating {
            slot: 0,
            seat: innocent(),
            partner: "p-02".parse().unwrap(),
            artifacts: masters().into_iter().map(|m| m.artifact).collect(),
        };
        let mut seats = Seats::default();
        seats.press(vec![seating.clone()]).unwrap();
        let read = readings(&self.world.book, &self.world.leak);
        let bar = Bar {
            innocent_risk: GROUND_BAR,
            lead_risk: GROUND_BAR,
            alignments: 1,
        };
        let base = log.clone();
        for number in 0..GROUND_TRIES_MAX {
            *log = base.clone();
            let bytes = *Digest::of(&number.to_le_bytes()).as_bytes();
            let secret = CaseSecret::from_bytes(bytes);
            let secret_at = log.commit(press::secret_leaf(&case, &secret).to_text());
            let earlier = log.sign();
            let mut pressed = fix(log, &case, bytes, &seats, GROUND_BAR, (None, None));
            if fixing == Fixing::RosterLate {
                pressed.beacon = earlier;
            }
            let value = Beacon::of(&pressed.beacon, None).unwrap().value;
            let book = Book::plan(
                case.clone(),
                masters(),
                secret,
                seats.clone(),
                value,
                GROUND_BAR,
            );
            let book = book.unwrap();
            let verdict = judged(&book, read.clone(), &bar);
            if !names(&verdict, &innocent()) {
                continue;
            }
            let code = log.commit(press::code_leaf(&book, GROUND_BAR).to_text());
            let copies = press::copies(&book, &seating).unwrap();
            let digest = match package {
                Package::Own => package_digest(&innocent()),
                Package::Fresh => Digest::of(b"made up"),
            };
            let link = self.next_link(log);
            let roster = log.entry(pressed.roster);
            let leaf = press::package_leaf(&book, &seating, &copies, link, roster, digest);
            let place = log.commit(leaf.to_text());
            let link = link.next(&log.commitment(place).leaf());
            let receipt = self.receipt(log, digest, at, link);
            let checkpoint = log.sign().to_text();
            let proofs = Proofs {
                program: "Example PSIRT",
                log_key: &signer().vkey(),
                checkpoint: &checkpoint,
                code: log.open(code),
                secret: log.open(secret_at),
                presses: vec![shown(log, &pressed)],
                history: log.history(),
                packages: [(innocent(), log.open(place))].into(),
                receipts: [(innocent(), vec![log.open(receipt)])].into(),
            };
            let trace = "T-0123456789abcdef";
            return testify(&book, &verdict, &self.world.leak, trace, &proofs, day(6)).unwrap();
        }
        panic!("no secret of {GROUND_TRIES_MAX} fits");
    }

    pub fn receipt(&self, log: &mut Log, package: Digest, at: Timestamp, link: Link) -> u64 {
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
    pub fn next_link(&self, log: &Log) -> Link {
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
    pub fn witnessed_late(&self, log: &mut Log, body: &mut Body) {
        let mut witnesses: Vec<_> = (1..=3).map(Witness::new).collect();
        log.sign();
        cosign(&mut witnesses, log, 6);
        self.reopen(body, log);
    }

    /// Every leaf of a body, opened under the newest checkpoint of this log.
    pub fn reopen(&self, body: &mut Body, log: &mut Log) {
        log.sign();
        let mut leaves = vec![&mut body.code_leaf, &mut body.secret_leaf];
        for press in &mut body.presses {
            leaves.push(&mut press.roster);
            leaves.extend(press.witnesses.as_mut());
            press.beacon = log.earlier(&Note::parse(&press.beacon.checkpoint).unwrap());
        }
        for accused in &mut body.accused {
            leaves.extend(accused.seats.iter_mut().map(|seat| &mut seat.leaf));
            leaves.extend(accused.given.iter_mut().map(|seat| &mut seat.leaf));
            leaves.extend(accused.receipts.iter_mut());
        }
        for leaf in leaves {
            *leaf = log.open(leaf.index);
        }
        body.checkpoint = log.checkpoints.last().unwrap().1.to_text();
        body.history = log.history();
    }

    /// Evidence over the world's own log, with its cosignatures.
    pub fn with_witnesses(&self, mut body: Body) -> Body {
        let mut log = self.world.log.clone();
        self.reopen(&mut body, &mut log);
        body
    }

    /// True evidence against the innocent, of a leak that is the innocent's copy.
    pub fn own_copy_body(&self) -> Body {
        let seating = self.world.seating(&innocent());
        let leak = leak_of(&self.world, &seating);
        let verdict = self.world.verdict(&leak);
        assert!(names(&verdict, &innocent()));
        self.world.testify(&verdict, &leak).unwrap()
    }

    /// True packages of the guilty, and one more press with a smaller roster after the leak.
    pub fn small_roster_for_true_packages(&self) -> Forgery {
        let mut log = self.world.log.clone();
        let mut body = self.honest.clone();
        let mut press = body.presses[1].clone();
        let mut roster = RosterLeaf::parse(&press.roster.text).unwrap();
        roster.press = roster
            .press
            .next(&log.commitment(press.roster.index).leaf());
        roster.sizes = vec![1, 1, 1, 1, 3];
        press.roster.index = log.commit(roster.to_text());
        press.beacon = log.earlier(&log.clone().sign());
        body.presses.push(press);
        self.reopen(&mut body, &mut log);
        self.recompute(&mut body, Some(roster));
        Forgery {
            holder: Some(Holder::Guilty),
            ..self.forgery("a smaller roster after the leak, over true packages", body)
        }
    }

    /// A seat's and its partner's opened commitments, as the program would open them.
    pub fn opened_seats(&self, seat: &SeatId) -> Vec<OpenedSeat> {
        let book = &self.world.book;
        let partner = self.world.seating(seat).partner;
        let own = book.seatings().iter().filter(|own| own.partner == partner);
        own.map(|own| OpenedSeat {
            seat: own.seat.to_string(),
            seed: seeds::of_seat(book.case(), book.secret(), book.seats(), own.slot).unwrap(),
            leaf: self.world.log.open(self.world.places[&own.seat].package),
        })
        .collect()
    }

    pub fn opened_partner(&self, partner: &str) -> OpenedLeaf {
        let book = &self.world.book;
        let partner = partner.parse().unwrap();
        seeds::of_partner(book.case(), book.secret(), book.seats(), &partner).unwrap()
    }

    /// The key that an opened seed of this world makes.
    pub fn key(&self, seed: &OpenedLeaf) -> Key {
        let leaf = SeedLeaf::parse(&seed.text).unwrap();
        let seats = self.world.book.seats();
        let press = match leaf.owner {
            Owner::Partner => seats.press_of_group(leaf.group),
            Owner::Seat { slot, .. } => seats.press_of_slot(slot),
        };
        leaf.key(&self.world.book.beacons()[press.unwrap()])
    }

    pub fn put_innocent(&self, body: &mut Body, own: &[OpenedSeat]) {
        let accused = &mut body.accused[0];
        accused.partner = "p-02".to_owned();
        accused.seat = Some(innocent().to_string());
        accused.seats = own.to_vec();
        accused.partner_seed = self.opened_partner("p-02");
        let receipts = &self.world.places[&innocent()].receipts;
        accused.receipts = receipts.iter().map(|at| self.world.log.open(*at)).collect();
        let seed = |own: &OpenedSeat| SeedLeaf::parse(&own.seed.text).unwrap();
        let mut method = Method::from_bytes(&accused.method.0).unwrap();
        method.group = seed(&own[0]).group;
        if let (Some(slot), Owner::Seat { slot: own, .. }) = (&mut method.slot, seed(&own[0]).owner)
        {
            *slot = own;
        }
        method.given.clear();
        method.seats = own
            .iter()
            .take(method.seats.len())
            .map(|own| self.key(&own.seed))
            .collect();
        accused.method.0 = method.to_bytes();
        accused.given.clear();
    }

    /// The findings that belong to what a body shows.
    pub fn recompute(&self, body: &mut Body, roster: Option<RosterLeaf>) {
        let last = &body.presses.last().unwrap().roster.text;
        let roster = roster.unwrap_or_else(|| RosterLeaf::parse(last).unwrap());
        let code = fingerprint::Code::from_bytes(&body.code.0).unwrap();
        let leak: Vec<LeakFile> = body
            .leak
            .iter()
            .map(|file| LeakFile::new(&file.name, file.bytes.0.clone()))
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
                .map(|own| self.key(&own.seed));
            let partner_key = self.key(&accused.partner_seed);
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
