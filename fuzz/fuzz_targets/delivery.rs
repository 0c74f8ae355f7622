//! What comes with a package: what is read is written so that it reads the same, and is checked without a panic.
#![no_main]

use flow::delivery::Delivery;
use headstart_fuzz::case;
use libfuzzer_sys::fuzz_target;
use tlog::TlogProof;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    read(text);
    // The extra data alone, around it a proof that is well formed.
    let mut tree = case::Texts::default();
    tree.commit("text".to_owned());
    let (checkpoint, _) = tree.close();
    let note = tlog::Note::parse(&checkpoint).expect("the checkpoint is signed");
    let inclusion = tlog::InclusionProof {
        index: 0,
        hashes: Vec::new(),
    };
    if let Ok(proof) = TlogProof::with_extra(inclusion, note, input.to_vec()) {
        read(&proof.to_text());
    }
});

fn read(text: &str) {
    let Ok(delivery) = Delivery::parse(text) else {
        return;
    };
    let again = delivery.to_text().expect("what was read can be written");
    assert_eq!(Delivery::parse(&again).as_ref(), Ok(&delivery));
    let _ = delivery.check(&delivery.log_key);
    let _ = delivery.check(&case::log().verifier());
}
