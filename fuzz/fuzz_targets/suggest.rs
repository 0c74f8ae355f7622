//! Suggestions: any bytes under any name; any decisions are refused or written, and the default copy stays.
//!
//! Fields: file name, source, decisions.
#![no_main]

use author::suggest::{Decision, SUGGESTIONS_MAX, Strength, apply, suggest};
use carriers::Master;
use headstart_fuzz::fields::{Numbers, fields, file_name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [name, source, choices] = fields(input);
    let name = file_name(name);
    let found = match suggest(&name, source) {
        Ok(found) => found,
        Err(error) => {
            assert!(!error.hint().is_empty());
            return;
        }
    };
    assert!(found.len() <= SUGGESTIONS_MAX);
    let mut numbers = Numbers::of(choices);
    let mut decisions = Vec::new();
    for (number, one) in found.iter().enumerate() {
        assert_eq!(&source[one.start..one.end], one.original.as_bytes());
        assert!(one.values >= 2 && one.line >= 1 && one.column >= 1);
        assert!(matches!(
            one.strength,
            Strength::Robust | Strength::Fragile
        ));
        assert!(found.iter().skip(number + 1).all(|o| o.id != one.id) || found.len() > 500);
        match numbers.below(4) {
            0 => decisions.push(Decision::Accept(one.id.clone())),
            1 => decisions.push(Decision::Refuse(one.id.clone())),
            2 => decisions.push(Decision::Change(
                one.id.clone(),
                vec![String::from_utf8_lossy(choices).into_owned(), "else".into()],
            )),
            _ => {}
        }
    }
    let plain = default_copy(&name, source).expect("suggestions are of masters that parse");
    match apply(&name, source, &decisions) {
        Ok(master) => {
            // What is not prose may have orders and values whose default is written differently.
            let copy = default_copy(&name, &master).expect("what is written parses");
            if carriers::Format::of(&name).is_prose() {
                // A list at the very end gets the line break that it lacks.
                let ended = [plain.as_slice(), b"\n"].concat();
                assert!(copy == plain || (!source.ends_with(b"\n") && copy == ended));
            }
        }
        // Only wordings that the decisions bring along may be wrong.
        Err(error) => {
            assert!(
                decisions.iter().any(|d| matches!(d, Decision::Change(..)))
                    || !carriers::Format::of(&name).is_prose(),
                "{error}"
            );
            assert!(!error.hint().is_empty());
        }
    }
});

fn default_copy(name: &str, source: &[u8]) -> Option<Vec<u8>> {
    let master = Master::parse(name, source).ok()?;
    master.embed(&vec![0; master.sites().len()]).ok()
}
