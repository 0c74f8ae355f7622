//! Evidence that was altered by one bit does not verify, and `headstart verify` names the step that fails.
//!
//! Most alterations are made twice: as an outsider could, without a new signature, and as the program itself
//! could, with a new one by its own log key, so that only the step that is meant can catch it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flow::evidence::{Body, Evidence, OpenedLeaf, Reading};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use support::{CASE, Office, VALIDATE, answer};

/// What the tests start from: evidence of two seats, and the log key that signed it.
struct Base {
    evidence: Evidence,
    /// Evidence against a seat of another partner, of the same case and log.
    other: Evidence,
    signer: String,
}

fn base() -> &'static Base {
    static BASE: OnceLock<Base> = OnceLock::new();
    BASE.get_or_init(|| {
        let office = Office::small(&[("p-01", 2), ("p-02", 1), ("p-03", 2), ("p-04", 1)]);
        office.done(&format!("wave open {CASE} --now {VALIDATE}"));
        let mut made = ["p-01.s2", "p-03.s1"].map(|seat| {
            let files = office.fetch_and_open(CASE, seat);
            let text = std::str::from_utf8(&files["write-up.md"]).unwrap();
            // Half of the text, so that some sites are read and others erased.
            let half: Vec<&str> = text.lines().take(text.lines().count() / 2).collect();
            office.write("leak.md", half.join("\n"));
            let trace = office.done("trace leak.md");
            assert_eq!(trace["accused"][0]["seat"], seat);
            let name = trace["trace"].as_str().unwrap();
            office.done(&format!("evidence {name} --out {seat}.json"));
            Some(Evidence::parse(&office.read(&format!("{seat}.json"))).unwrap())
        });
        Base {
            evidence: made[0].take().unwrap(),
            other: made[1].take().unwrap(),
            signer: String::from_utf8(office.read("data/log.key")).unwrap(),
        }
    })
}

/// What `headstart verify` says of a file: the exit code, and the step that failed.
fn verify(bytes: &[u8]) -> (i32, Option<String>) {
    let judge = Office::empty();
    judge.write("evidence.json", bytes);
    let answer = judge.say("verify evidence.json --json");
    let step = (answer.code != 2).then(|| answer.json()["step"].as_str().map(str::to_owned));
    (answer.code, step.flatten())
}

/// Signs a body as the program would.
fn signed(body: Body) -> Evidence {
    let signer = tlog::Signer::parse(base().signer.trim()).unwrap();
    let signature = signer.sign(&body.signed_text()).unwrap();
    Evidence { body, signature }
}

/// The altered evidence fails at `step` when the program signs the alteration, and does not verify when nobody does.
#[track_caller]
fn fails_at(step: &str, what: &str, alter: impl Fn(&mut Body)) {
    let mut body = base().evidence.body.clone();
    alter(&mut body);
    assert_ne!(body, base().evidence.body, "{what}: nothing was altered");
    let unsigned = Evidence {
        body: body.clone(),
        signature: base().evidence.signature.clone(),
    };
    assert_eq!(
        verify(unsigned.to_text().as_bytes()).0,
        1,
        "{what}, not signed"
    );
    let found = verify(signed(body).to_text().as_bytes());
    assert_eq!(found, (1, Some(step.to_owned())), "{what}, signed");
}

/// Only the signature protects this: a new one makes it the program's own statement.
#[track_caller]
fn fails_at_the_signature_alone(what: &str, alter: impl Fn(&mut Body)) {
    let mut body = base().evidence.body.clone();
    alter(&mut body);
    let unsigned = Evidence {
        body,
        signature: base().evidence.signature.clone(),
    };
    let found = verify(unsigned.to_text().as_bytes());
    assert_eq!(found, (1, Some("signature".to_owned())), "{what}");
}

fn flip_bit(bytes: &mut [u8], bit: usize) {
    bytes[bit / 8] ^= 1 << (bit % 8);
}

fn flip_hex(text: &mut String, bit: usize) {
    let mut bytes: Vec<u8> = (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap())
        .collect();
    flip_bit(&mut bytes, bit);
    *text = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
}

fn flip_base64(text: &mut String, bit: usize) {
    let mut bytes = STANDARD.decode(&*text).unwrap();
    flip_bit(&mut bytes, bit);
    *text = STANDARD.encode(bytes);
}

fn flip_float(number: &mut f64) {
    *number = f64::from_bits(number.to_bits() ^ 1);
}

/// Another letter or digit in the middle of a leaf's text.
fn change_text(leaf: &mut OpenedLeaf) {
    let middle = leaf.text.len() / 2;
    let mut bytes = leaf.text.clone().into_bytes();
    bytes[middle] ^= 1;
    leaf.text = String::from_utf8(bytes).unwrap();
}

#[test]
fn untouched_evidence_verifies_also_when_it_is_signed_again() {
    let base = base();
    assert_eq!(verify(base.evidence.to_text().as_bytes()), (0, None));
    assert_eq!(verify(base.other.to_text().as_bytes()), (0, None));
    let again = signed(base.evidence.body.clone());
    assert_eq!(verify(again.to_text().as_bytes()), (0, None));
    // White space means nothing.
    let compact = serde_json::to_string(&base.evidence).unwrap();
    assert_eq!(verify(compact.as_bytes()), (0, None));
}

#[test]
fn an_altered_log_key_or_checkpoint_is_caught() {
    fails_at("checkpoint", "the checkpoint's root", |body| {
        let mut lines: Vec<String> = body.checkpoint.lines().map(str::to_owned).collect();
        flip_base64(&mut lines[2], 100);
        body.checkpoint = lines.join("\n") + "\n";
    });
    fails_at("checkpoint", "the checkpoint's size", |body| {
        let mut lines: Vec<String> = body.checkpoint.lines().map(str::to_owned).collect();
        let size: u64 = lines[1].parse().unwrap();
        lines[1] = (size ^ 1).to_string();
        body.checkpoint = lines.join("\n") + "\n";
    });
    fails_at("checkpoint", "the checkpoint's signature", |body| {
        let at = body.checkpoint.rfind(' ').unwrap() + 1;
        let mut digits = body.checkpoint[at..].trim_end().to_owned();
        flip_base64(&mut digits, 200);
        body.checkpoint.replace_range(at.., &format!("{digits}\n"));
    });
    // A verifier key is `name+number+key`; the key's base64 may hold a plus too.
    fails_at("log key", "a bit of the log key", |body| {
        let mut parts: Vec<String> = body.log_key.splitn(3, '+').map(str::to_owned).collect();
        flip_base64(&mut parts[2], 99);
        body.log_key = parts.join("+");
    });
    fails_at("log key", "the log key's number", |body| {
        let mut parts: Vec<String> = body.log_key.splitn(3, '+').map(str::to_owned).collect();
        flip_hex(&mut parts[1], 5);
        body.log_key = parts.join("+");
    });
    fails_at("checkpoint", "the log key's name", |body| {
        let key = tlog::Signer::from_seed("headstart/example-psirt/00000000", [9; 32]).unwrap();
        body.log_key = key.vkey();
    });
}

/// Finds a leaf of the evidence.
type Find = fn(&mut Body) -> &mut OpenedLeaf;

/// Every opened leaf of the evidence by a name.
fn leaves() -> Vec<(&'static str, Find)> {
    vec![
        ("the code's leaf", |body| &mut body.code_leaf),
        ("the secret's leaf", |body| &mut body.secret_leaf),
        ("the roster's leaf", |body| &mut body.presses[0].roster),
        ("a seat's leaf", |body| &mut body.accused[0].seats[0].leaf),
        ("another seat's leaf", |body| {
            &mut body.accused[0].seats[1].leaf
        }),
    ]
}

/// Every opened seed of the evidence by a name.
fn seeds() -> Vec<(&'static str, Find)> {
    vec![
        ("the partner's seed", |body| {
            &mut body.accused[0].partner_seed
        }),
        ("a seat's seed", |body| &mut body.accused[0].seats[0].seed),
        ("another seat's seed", |body| {
            &mut body.accused[0].seats[1].seed
        }),
    ]
}

/// The key of an accused's seat, as a judge makes it.
fn key_of(body: &Body, seat: usize) -> fingerprint::Key {
    let note = tlog::Note::parse(&body.presses[0].beacon.checkpoint).unwrap();
    let beacon = flow::beacon::Beacon::of(&note, None).unwrap();
    let seed = &body.accused[0].seats[seat].seed.text;
    flow::leaf::SeedLeaf::parse(seed)
        .unwrap()
        .key(&beacon.value)
}

#[test]
fn an_altered_leaf_salt_index_or_inclusion_proof_is_caught() {
    for (what, leaf) in leaves() {
        fails_at("inclusion", &format!("the text of {what}"), |body| {
            change_text(leaf(body));
        });
        fails_at("inclusion", &format!("the salt of {what}"), |body| {
            flip_hex(&mut leaf(body).salt, 77);
        });
        fails_at("inclusion", &format!("the index of {what}"), |body| {
            leaf(body).index ^= 1;
        });
        let hashes = leaf(&mut base().evidence.body.clone()).proof.len();
        assert!(hashes >= 3, "{what}: {hashes}");
        for hash in 0..hashes {
            fails_at("inclusion", &format!("hash {hash} of {what}"), |body| {
                flip_base64(&mut leaf(body).proof[hash], 31 * hash + 5);
            });
        }
        fails_at("inclusion", &format!("a shorter proof of {what}"), |body| {
            leaf(body).proof.pop();
        });
        fails_at("inclusion", &format!("a longer proof of {what}"), |body| {
            let more = leaf(body).proof[0].clone();
            leaf(body).proof.push(more);
        });
    }
}

#[test]
fn an_altered_receipt_is_caught() {
    fails_at("receipts", "the receipt's text", |body| {
        change_text(&mut body.accused[0].receipts[0]);
    });
    fails_at("receipts", "the receipt's salt", |body| {
        flip_hex(&mut body.accused[0].receipts[0].salt, 3);
    });
    fails_at("receipts", "the receipt's index", |body| {
        body.accused[0].receipts[0].index ^= 1;
    });
    fails_at("receipts", "the receipt's proof", |body| {
        flip_base64(&mut body.accused[0].receipts[0].proof[0], 17);
    });
    fails_at("receipts", "no receipt", |body| {
        body.accused[0].receipts.clear()
    });
    fails_at("receipts", "another seat's receipt", |body| {
        body.accused[0].receipts = base().other.body.accused[0].receipts.clone();
    });
}

#[test]
fn altered_masters_and_code_are_caught() {
    fails_at("masters", "a bit of the write-up's master", |body| {
        // In the middle of a word: the marks can still be read.
        let at = find(&body.masters[0].bytes.0, b"Summary") + 3;
        body.masters[0].bytes.0[at] ^= 1;
    });
    fails_at("masters", "a mark's alternative", |body| {
        let at = find(&body.masters[0].bytes.0, b"converts") + 2;
        body.masters[0].bytes.0[at] ^= 1;
    });
    fails_at("masters", "a bit of the PoC's master", |body| {
        let at = find(&body.masters[1].bytes.0, b"c41d9e7a");
        body.masters[1].bytes.0[at] ^= 2;
    });
    fails_at("masters", "the masters' order", |body| {
        body.masters.swap(0, 1)
    });
    fails_at("masters", "a master that is missing", |body| {
        body.masters.pop();
    });
    fails_at("masters", "an artifact's id", |body| {
        body.masters[0].artifact = "a3".to_owned();
    });
    fails_at("masters", "the case", |body| {
        body.case = "HS-2026-0002".to_owned()
    });
    let bits = base().evidence.body.code.0.len() * 8;
    for bit in [0, 200, bits / 2, bits - 1] {
        fails_at("code", &format!("bit {bit} of the code"), |body| {
            flip_bit(&mut body.code.0, bit);
        });
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> usize {
    bytes
        .windows(needle.len())
        .position(|w| w == needle)
        .unwrap()
}

#[test]
fn an_altered_leak_is_caught() {
    fails_at("leak", "a bit of the leak", |body| {
        let at = find(&body.leak[0].bytes.0, b"Summary");
        body.leak[0].bytes.0[at] ^= 1;
    });
    fails_at("leak", "the leak's digest", |body| {
        flip_hex(&mut body.leak[0].sha256, 255);
    });
    // With its digest made to fit, what is read from it changes.
    fails_at(
        "readings",
        "a marked word of the leak, with its digest",
        |body| {
            let text = String::from_utf8(body.leak[0].bytes.0.clone()).unwrap();
            let word = ["turns", "converts", "transforms"]
                .into_iter()
                .find(|word| text.contains(&format!("Larkspur Share {word} uploaded")))
                .unwrap();
            let other = if word == "turns" { "converts" } else { "turns" };
            let forged = text.replace(
                &format!("Larkspur Share {word} uploaded"),
                &format!("Larkspur Share {other} uploaded"),
            );
            body.leak[0].bytes.0 = forged.into_bytes();
            body.leak[0].sha256 = domain::sealed::Digest::of(&body.leak[0].bytes.0).to_string();
        },
    );
    fails_at("readings", "a leak that is missing", |body| {
        body.leak.clear()
    });
}

#[test]
fn every_altered_reading_is_caught() {
    let readings = base().evidence.body.readings.len();
    let mut erased = 0;
    let mut read = 0;
    for site in (0..readings).step_by(3) {
        fails_at("readings", &format!("the reading of site {site}"), |body| {
            body.readings[site] = match body.readings[site].clone() {
                Reading::Erased => Reading::Values {
                    values: vec![0],
                    noise: 0.01,
                },
                Reading::Values { mut values, noise } => {
                    values[0] ^= 1;
                    Reading::Values { values, noise }
                }
                Reading::Soft { mut weights, noise } => {
                    weights[0].0 ^= 1;
                    Reading::Soft { weights, noise }
                }
            };
        });
        match &base().evidence.body.readings[site] {
            Reading::Erased => erased += 1,
            _ => read += 1,
        }
    }
    assert!(erased >= 10 && read >= 10, "{erased} erased, {read} read");
    let first = base().evidence.body.readings.iter();
    let first = first
        .clone()
        .position(|r| !matches!(r, Reading::Erased))
        .unwrap();
    fails_at("readings", "one bit of a noise", |body| {
        match &mut body.readings[first] {
            Reading::Values { noise, .. } | Reading::Soft { noise, .. } => flip_float(noise),
            Reading::Erased => panic!("site {first} is erased"),
        }
    });
    fails_at("readings", "a reading that was erased afterwards", |body| {
        body.readings[first] = Reading::Erased;
    });
    fails_at("readings", "one reading too few", |body| {
        body.readings.pop();
    });
    fails_at("readings", "one reading too many", |body| {
        body.readings.push(Reading::Erased);
    });
}

#[test]
fn altered_keys_are_caught() {
    for (what, seed) in seeds() {
        fails_at("keys", &format!("the text of {what}"), |body| {
            change_text(seed(body));
        });
        // The seed itself: the last of the text's digits.
        fails_at("keys", &format!("a bit of {what}"), |body| {
            let text = &mut seed(body).text;
            let digit = if text.ends_with("0\n") { "1\n" } else { "0\n" };
            text.replace_range(text.len() - 2.., digit);
        });
        fails_at("keys", &format!("the salt of {what}"), |body| {
            flip_hex(&mut seed(body).salt, 77);
        });
        fails_at("keys", &format!("the place of {what}"), |body| {
            seed(body).index ^= 1;
        });
        fails_at("keys", &format!("the proof of {what}"), |body| {
            flip_base64(&mut seed(body).proof[0], 31);
        });
    }
    fails_at("keys", "two seats' seeds swapped", |body| {
        let (first, second) = body.accused[0].seats.split_at_mut(1);
        std::mem::swap(&mut first[0].seed, &mut second[0].seed);
    });
    fails_at("keys", "a seat's seed for the partner's", |body| {
        body.accused[0].partner_seed = body.accused[0].seats[0].seed.clone();
    });
    fails_at("masters", "a master's name", |body| {
        body.masters[1].name = "poc.txt".to_owned();
    });
    fails_at("keys", "a seat's name", |body| {
        body.accused[0].seats[1].seat = "p-01.s9".to_owned();
    });
    fails_at("keys", "the partner's name", |body| {
        body.accused[0].partner = "p-02".to_owned();
    });
}

#[test]
fn altered_numbers_are_caught() {
    fails_at("score", "the score", |body| {
        flip_float(&mut body.accused[0].finding.evidence_bits);
    });
    fails_at("score", "the e-value", |body| {
        flip_float(&mut body.accused[0].finding.e_value_bits);
    });
    fails_at("risk", "the tail", |body| {
        flip_float(&mut body.accused[0].finding.tail_risk);
    });
    fails_at("risk", "the risk", |body| {
        flip_float(&mut body.accused[0].finding.innocent_risk);
    });
    fails_at("risk", "how many cases were tried", |body| {
        body.bar.alignments += 1
    });
    fails_at(
        "verdict",
        "a bar that is looser than the log fixed",
        |body| {
            body.bar.innocent_risk *= 2.0;
        },
    );
    fails_at("verdict", "the word", |body| {
        body.verdict = "withhold".to_owned()
    });
    fails_at("verdict", "nobody named", |body| body.accused.clear());
}

#[test]
fn every_altered_bit_of_the_method_is_caught() {
    let bytes = base().evidence.body.accused[0].method.0.len();
    for bit in 0..bytes * 8 {
        let mut body = base().evidence.body.clone();
        flip_bit(&mut body.accused[0].method.0, bit);
        let found = flow::verify::verify(&signed(body), None).unwrap_err();
        let step = found.step.as_str();
        assert!(
            ["score", "risk", "keys"].contains(&step),
            "bit {bit}: {found}"
        );
    }
    fails_at("score", "the method's first bit", |body| {
        flip_bit(&mut body.accused[0].method.0, 0);
    });
}

#[test]
fn an_altered_signature_or_anything_that_is_only_signed_is_caught() {
    let text = base().evidence.to_text();
    let mut evidence = base().evidence.clone();
    let at = evidence.signature.rfind(' ').unwrap() + 1;
    let mut digits = evidence.signature[at..].trim_end().to_owned();
    flip_base64(&mut digits, 300);
    evidence
        .signature
        .replace_range(at.., &format!("{digits}\n"));
    assert_ne!(evidence.to_text(), text);
    assert_eq!(
        verify(evidence.to_text().as_bytes()),
        (1, Some("signature".to_owned()))
    );
    let swapped = Evidence {
        body: base().evidence.body.clone(),
        signature: base().other.signature.clone(),
    };
    assert_eq!(
        verify(swapped.to_text().as_bytes()),
        (1, Some("signature".to_owned()))
    );
    fails_at_the_signature_alone("the program's name", |body| body.program.push('x'));
    fails_at_the_signature_alone("the trace's name", |body| body.trace.push('0'));
    fails_at_the_signature_alone("the time", |body| {
        body.made_at = "2026-11-25T18:00:00Z".to_owned();
    });
    fails_at_the_signature_alone("the limits", |body| {
        body.limits.pop();
    });
    fails_at_the_signature_alone("the bar of leads", |body| {
        flip_float(&mut body.bar.lead_risk)
    });
    fails_at_the_signature_alone("the leak's name", |body| {
        body.leak[0].name = "leak.txt".to_owned();
    });
}

/// The program itself, with its own keys, cannot turn evidence against one seat into evidence against another.
#[test]
fn a_seat_is_not_framed_with_another_seats_evidence() {
    let other = &base().other.body;
    let anywhere = |what: &str, body: Body| {
        let (code, step) = verify(signed(body).to_text().as_bytes());
        assert_eq!(code, 1, "{what}");
        step.unwrap()
    };
    // The accused of one leak, put over the leak of another.
    let mut body = base().evidence.body.clone();
    body.accused = other.accused.clone();
    body.checkpoint = other.checkpoint.clone();
    body.history = other.history.clone();
    body.presses = other.presses.clone();
    body.code_leaf = other.code_leaf.clone();
    body.secret_leaf = other.secret_leaf.clone();
    assert_eq!(anywhere("another partner over this leak", body), "score");
    // The other seat of the same partner.
    let mut body = base().evidence.body.clone();
    body.accused[0].seat = Some("p-01.s1".to_owned());
    assert_eq!(anywhere("the colleague", body), "score");
    // The same, with the method made to fit: numbers come out differently.
    let mut body = base().evidence.body.clone();
    body.accused[0].seat = Some("p-01.s1".to_owned());
    let mut method = fingerprint::Method::from_bytes(&body.accused[0].method.0).unwrap();
    method.slot = Some(0);
    body.accused[0].method.0 = method.to_bytes();
    let step = anywhere("the colleague with a fitting method", body);
    assert!(["score", "risk"].contains(&step.as_str()), "{step}");
    // Keys of one seat with the leaf of another.
    let mut body = base().evidence.body.clone();
    body.accused[0].seats[0].seed = other.accused[0].seats[0].seed.clone();
    assert_eq!(anywhere("another partner's seed", body), "keys");
    // A leaf of another partner among the seats.
    let mut body = base().evidence.body.clone();
    body.checkpoint = other.checkpoint.clone();
    body.history = other.history.clone();
    body.presses = other.presses.clone();
    body.code_leaf = other.code_leaf.clone();
    body.secret_leaf = other.secret_leaf.clone();
    body.accused[0].seats[0] = other.accused[0].seats[0].clone();
    let step = anywhere("another partner's leaf", body);
    assert!(["keys", "inclusion"].contains(&step.as_str()), "{step}");
    // Hiding a colleague's seat would make the partner look smaller than it is.
    let mut body = base().evidence.body.clone();
    body.accused[0].seats.remove(0);
    assert_eq!(anywhere("a seat that is not opened", body), "score");
    // Naming the accused twice adds nothing that is not checked; naming a second partner without proof fails.
    let mut body = base().evidence.body.clone();
    let mut second = body.accused[0].clone();
    second.partner = "p-04".to_owned();
    body.accused.push(second);
    assert_eq!(anywhere("a second partner without proof", body), "keys");
    // The partner alone, without its seat, has a finding of its own.
    let mut body = base().evidence.body.clone();
    body.accused[0].seat = None;
    assert_eq!(anywhere("the partner without the seat", body), "score");
}

#[test]
fn a_log_that_another_key_signed_is_another_log() {
    let stranger = tlog::Signer::from_seed("headstart/example-psirt/00000000", [9; 32]).unwrap();
    let mut body = base().evidence.body.clone();
    body.log_key = stranger.vkey();
    let signature = stranger.sign(&body.signed_text()).unwrap();
    let evidence = Evidence { body, signature };
    assert_eq!(
        verify(evidence.to_text().as_bytes()),
        (1, Some("checkpoint".to_owned()))
    );
    // And whoever knows the program's key sees at once that evidence is of another log.
    let judge = Office::empty();
    judge.write("evidence.json", base().evidence.to_text());
    let words = [
        "verify",
        "evidence.json",
        "--json",
        "--log-key",
        &stranger.vkey(),
    ];
    let found = answer(judge.command(&words), "verify").exits(1).json();
    assert_eq!(found["step"], "log key");
}

#[test]
fn a_file_that_is_not_evidence_exits_2() {
    let judge = Office::empty();
    let text = base().evidence.to_text();
    let files = [
        ("empty", String::new()),
        ("prose", "not evidence at all\n".to_owned()),
        ("list", "[]".to_owned()),
        ("other", r#"{"body": {}, "signature": ""}"#.to_owned()),
        ("half", text[..text.len() / 2].to_owned()),
        ("more", format!("{text}{{}}")),
        (
            "version",
            text.replace(flow::evidence::FORMAT, "headstart-evidence-9"),
        ),
        (
            "field",
            text.replacen("\"program\"", "\"extra\": 1, \"program\"", 1),
        ),
        (
            "twice",
            text.replacen("\"program\"", "\"case\": \"x\", \"program\"", 1),
        ),
        ("base64", text.replacen("\"code\": \"", "\"code\": \"*", 1)),
    ];
    for (name, text) in files {
        judge.write(name, text);
        judge.refused(2, &format!("verify {name}"));
    }
    judge.refused(2, "verify nothing-there.json");
    // A number that is no number of this format's floats.
    let overflow = text.replacen("\"alignments\": 1", "\"alignments\": 1e999", 1);
    assert_ne!(overflow, text);
    judge.write("overflow", overflow);
    judge.refused(2, "verify overflow");
}

/// Bits all over the file, seeded: the altered file is no evidence, or fails, or says the same as before.
#[test]
fn no_single_bit_of_the_file_makes_it_say_something_else() {
    let text = base().evidence.to_text().into_bytes();
    let mut rng = ChaCha20Rng::seed_from_u64(0x0e71_de1c_e000_0001);
    let mut counts = [0; 3];
    for _ in 0..600 {
        let bit = rng.next_u64() as usize % (text.len() * 8);
        let mut altered = text.clone();
        flip_bit(&mut altered, bit);
        let Ok(evidence) = Evidence::parse(&altered) else {
            counts[2] += 1;
            continue;
        };
        match flow::verify::verify(&evidence, None) {
            Err(_) => counts[1] += 1,
            Ok(verified) => {
                // Only the spelling of white space may differ.
                assert_eq!(verified.body, base().evidence.body, "bit {bit}");
                assert_eq!(evidence, base().evidence, "bit {bit}");
                assert!(text[bit / 8].is_ascii_whitespace(), "bit {bit}");
                counts[0] += 1;
            }
        }
    }
    assert!(counts[1] > 100 && counts[2] > 100, "{counts:?}");
    // The same through the binary for some.
    for _ in 0..40 {
        let bit = rng.next_u64() as usize % (text.len() * 8);
        let mut altered = text.clone();
        flip_bit(&mut altered, bit);
        let (code, _) = verify(&altered);
        assert!(
            code == 1 || code == 2 || text[bit / 8].is_ascii_whitespace(),
            "bit {bit}: exit {code}"
        );
    }
}

/// Opening one seat twice would hide another one whose copy may explain the leak as well.
#[test]
fn a_seat_that_is_opened_twice_does_not_stand_for_another() {
    let mut body = base().evidence.body.clone();
    assert_eq!(body.accused[0].seats.len(), 2);
    body.accused[0].seats[0] = body.accused[0].seats[1].clone();
    assert_eq!(
        verify(signed(body).to_text().as_bytes()),
        (1, Some("score".to_owned()))
    );
}

/// A method that joins one seat's evidence twice, or rests on one copy twice, would count it double.
#[test]
fn a_method_does_not_count_a_copy_twice() {
    let own = key_of(&base().evidence.body, 1);
    let colleague = key_of(&base().evidence.body, 0);
    let with = |alter: &dyn Fn(&mut fingerprint::Method)| {
        let mut body = base().evidence.body.clone();
        let mut method = fingerprint::Method::from_bytes(&body.accused[0].method.0).unwrap();
        alter(&mut method);
        body.accused[0].method.0 = method.to_bytes();
        let failed = flow::verify::verify(&signed(body), None).unwrap_err();
        assert_eq!(failed.step.as_str(), "score", "{failed}");
        failed.reason
    };
    let twice = with(&|method| method.seats = vec![own.clone(), own.clone()]);
    assert!(twice.contains("counts a copy twice"), "{twice}");
    let twice = with(&|method| method.given = vec![colleague.clone(), colleague.clone()]);
    assert!(twice.contains("counts a copy twice"), "{twice}");
    let itself = with(&|method| method.given = vec![own.clone()]);
    assert!(itself.contains("the accused's own copy"), "{itself}");
}

#[test]
fn a_trace_of_no_case_at_all_has_no_risk() {
    fails_at("score", "no case tried", |body| body.bar.alignments = 0);
}
