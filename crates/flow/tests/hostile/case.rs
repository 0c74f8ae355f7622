//! A small case, its log, and the evidence of a leak of one of its copies; the keys are public and protect nothing.

use std::collections::BTreeMap;

use carriers::Master;
use domain::artifact::ArtifactKind;
use domain::chain::{Link, entry_digest};
use domain::commitment::Commitment;
use domain::ids::{CaseId, PartnerId, SeatId};
use domain::sealed::Digest;
use fingerprint::Bar;
use flow::beacon::Beacon;
use flow::book::{Book, BookMaster, digests};
use flow::evidence::{Earlier, Evidence, OpenedLeaf, Press};
use flow::keys::CaseSecret;
use flow::leaf::text_digest;
use flow::press;
use flow::receive::receipt_leaf;
use flow::seats::{Seating, Seats};
use flow::sight::LeakFile;
use flow::testify::{Proofs, testify};
use flow::trace;
use jiff::Timestamp;
use tlog::{Checkpoint, MemoryTree, Note, Signer, consistency_proof, inclusion_proof, leaf_hash};

/// A program with four nonces, a number and a name: enough to name one of six seats.
pub const MASTER: &str = r#"# Asks once, harmlessly.
TICKET = "c41d9e7a"  #~ nonce hex 8
DOC = "7f03b6d2"  #~ nonce hex 8
VISIT = "1ae85c40"  #~ nonce hex 8
COOKIE = "5d20c9b8"  #~ nonce hex 8
LIMIT = 38  #~ int 20..83
#~ name layout: template|page_style|sheet
path = "/preview/v2/render?doc=" + DOC + "&ticket=" + TICKET
send(path, cookie="lk=" + COOKIE, visit=VISIT, limit=LIMIT, layout="plain")
"#;

/// The bar of every case here.
pub const RISK: f64 = 1e-6;

/// Signs the log of every case here.
pub fn log() -> Signer {
    Signer::from_seed("log.example", [7; 32]).expect("the name is one")
}

/// The only moment that these cases know.
pub fn now() -> Timestamp {
    Timestamp::from_second(1_795_000_000).expect("a time of 2026")
}

/// Texts committed to one log, with what opens them again.
#[derive(Default)]
pub struct Texts(Vec<String>);

impl Texts {
    /// Commits to a text; the answer is its index.
    pub fn commit(&mut self, text: String) -> usize {
        self.0.push(text);
        self.0.len() - 1
    }

    /// The digest of an entry, as the next one of its chain names it.
    pub fn entry_digest(&self, index: usize) -> Digest {
        let text = self.0[index].clone().into_bytes();
        entry_digest(&Commitment::new(text, salt(index)).leaf())
    }

    /// The tree over all of them.
    pub fn tree(&self) -> MemoryTree {
        MemoryTree::from_leaves(self.0.iter().enumerate().map(|(index, text)| {
            let commitment = Commitment::new(text.clone().into_bytes(), salt(index));
            leaf_hash(&commitment.leaf().entry_bytes())
        }))
    }

    /// Signs a checkpoint over all of them.
    pub fn sign(&self) -> Note {
        let tree = self.tree();
        Checkpoint::new("log.example", tree.size(), tree.root())
            .expect("the origin is one")
            .sign(&log())
            .expect("a checkpoint is short")
    }

    /// The proof that they grew from an earlier checkpoint.
    pub fn grown_from(&self, note: &Note) -> Vec<String> {
        let earlier = Checkpoint::parse(note.text()).expect("it was signed here");
        let proof = consistency_proof(&self.tree(), earlier.size(), self.tree().size());
        let hashes = proof.expect("the tree only grew").hashes;
        hashes.iter().map(tlog::Hash::to_base64).collect()
    }

    /// Signs a checkpoint over all of them, and opens each.
    pub fn close(&self) -> (String, Vec<OpenedLeaf>) {
        let tree = self.tree();
        let checkpoint = self.sign().to_text();
        let open = |(index, text): (usize, &String)| OpenedLeaf {
            text: text.clone(),
            salt: Digest::from_bytes(salt(index)).to_string(),
            index: index as u64,
            proof: inclusion_proof(&tree, index as u64, tree.size())
                .expect("the tree holds every leaf")
                .hashes
                .iter()
                .map(tlog::Hash::to_base64)
                .collect(),
        };
        (checkpoint, self.0.iter().enumerate().map(open).collect())
    }
}

fn salt(index: usize) -> [u8; 32] {
    *Digest::of(&index.to_le_bytes()).as_bytes()
}

/// The secret of every case here.
pub fn secret() -> CaseSecret {
    CaseSecret::from_bytes([3; 32])
}

/// The case.
pub fn id() -> CaseId {
    "HS-2026-0001".parse().expect("an id")
}

/// Three partners with two seats each, all of whom have the one master, from one press.
pub fn seats() -> Seats {
    let mut new = Vec::new();
    for slot in 0..6u32 {
        let partner: PartnerId = format!("p-{}", slot / 2 + 1).parse().expect("an id");
        new.push(Seating {
            slot,
            seat: SeatId::numbered(&partner, slot % 2 + 1),
            partner,
            artifacts: vec!["a1".parse().expect("an id")],
        });
    }
    let mut seats = Seats::default();
    seats.press(new).expect("slots are given in order");
    seats
}

/// The secret and the roster in an empty log, and the checkpoint that is mixed in: the places of both, and the note.
pub fn fixed(texts: &mut Texts, master: &BookMaster) -> (usize, usize, Note) {
    let secret_at = texts.commit(press::secret_leaf(&id(), &secret()).to_text());
    let text = text_digest(&digests(std::slice::from_ref(master)), RISK);
    let roster = press::roster_leaf(&id(), &secret(), text, &seats(), None, None);
    let roster_at = texts.commit(roster.to_text());
    (secret_at, roster_at, texts.sign())
}

/// The one master of the case.
pub fn book_master(master: Master, source: &[u8]) -> BookMaster {
    BookMaster {
        artifact: "a1".parse().expect("an id"),
        kind: ArtifactKind::Poc,
        source: source.to_vec(),
        master,
    }
}

/// The codebook of these seats; `None` when the master has no site.
pub fn book(master: BookMaster, beacon: &Note) -> Option<Book> {
    let beacon = Beacon::of(beacon, None).expect("there are no witnesses");
    Book::plan(id(), vec![master], secret(), seats(), beacon.value, RISK).ok()
}

/// The press as evidence shows it.
pub fn shown_press(texts: &Texts, roster: &OpenedLeaf, beacon: &Note) -> Press {
    Press {
        roster: roster.clone(),
        witnesses: None,
        beacon: Earlier {
            checkpoint: beacon.to_text(),
            proof: texts.grown_from(beacon),
        },
    }
}

/// Evidence against the fourth seat, as the program would write it.
pub fn evidence() -> Evidence {
    let master = Master::parse("poc.py", MASTER.as_bytes()).expect("the master has good marks");
    let mut texts = Texts::default();
    let master = book_master(master, MASTER.as_bytes());
    let (secret, roster, beacon) = fixed(&mut texts, &master);
    let book = book(master, &beacon).expect("the master has sites");
    let code = texts.commit(press::code_leaf(&book, RISK).to_text());
    let roster_digest = texts.entry_digest(roster);
    let mut packages = BTreeMap::new();
    let mut receipts = BTreeMap::new();
    let mut leaked = Vec::new();
    for seating in book.seatings() {
        let copies = press::copies(&book, seating).expect("the code is of this master");
        let package = Digest::of(seating.seat.as_str().as_bytes());
        let leaf =
            press::package_leaf(&book, seating, &copies, Link::FIRST, roster_digest, package);
        let at = texts.commit(leaf.to_text());
        packages.insert(seating.seat.clone(), at);
        let second = Link {
            ordinal: 2,
            previous: Some(texts.entry_digest(at)),
        };
        let receipt = receipt_leaf(
            book.case(),
            &seating.partner,
            &seating.seat,
            second,
            package,
            now(),
        );
        let first = texts.commit(receipt.to_text());
        let again = flow::leaf::ReceiptLeaf {
            link: Link {
                ordinal: 3,
                previous: Some(texts.entry_digest(first)),
            },
            ..receipt
        };
        let again = texts.commit(again.to_text());
        receipts.insert(seating.seat.clone(), vec![first, again]);
        if seating.slot == 3 {
            leaked = copies.into_iter().map(|copy| copy.bytes).collect();
        }
    }
    let (checkpoint, leaves) = texts.close();
    let opened = |index: &usize| leaves[*index].clone();
    let leak: Vec<LeakFile> = leaked
        .into_iter()
        .map(|bytes| LeakFile::new("found.py", bytes))
        .collect();
    let readings = trace::read(&book, &flow::sight::leak(&leak).expect("the leak is small"));
    let access = vec![
        trace::Access {
            fetched: true,
            later: false
        };
        book.seatings().len()
    ];
    let verdict = trace::trace(&book, readings, &access, &Bar::default())
        .expect("readings and code are of one master");
    let proofs = Proofs {
        program: "Example PSIRT",
        log_key: &log().vkey(),
        checkpoint: &checkpoint,
        secret: opened(&secret),
        code: opened(&code),
        presses: vec![shown_press(&texts, &opened(&roster), &beacon)],
        history: Vec::new(),
        packages: packages
            .iter()
            .map(|(s, i)| (s.clone(), opened(i)))
            .collect(),
        receipts: receipts
            .iter()
            .map(|(s, both)| (s.clone(), both.iter().map(opened).collect()))
            .collect(),
    };
    let body = testify(&book, &verdict, &leak, "T-0123456789abcdef", &proofs, now())
        .expect("a whole copy names its seat");
    sign(body)
}

/// The evidence with this body, signed by [`log`].
pub fn sign(body: flow::evidence::Body) -> Evidence {
    let note = Note::sign(&body.signed_text(), &log()).expect("the text is short");
    Evidence {
        signature: note.to_text(),
        body,
    }
}
