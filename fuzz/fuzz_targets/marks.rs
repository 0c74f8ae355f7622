//! Masters: any bytes under any name are read or refused; copies are whole and hold no mark syntax.
//!
//! Fields: file name, master.
#![no_main]

use carriers::{EmbedError, Master};
use headstart_fuzz::fields::{Numbers, fields, file_name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [name, source] = fields(input);
    let name = file_name(name);
    let master = match Master::parse(&name, source) {
        Ok(master) => master,
        Err(errors) => {
            assert!(!errors.0.is_empty());
            for error in &errors.0 {
                assert!(error.line >= 1 && error.column >= 1);
                assert!(!error.kind.to_string().contains('\n'));
                assert!(!error.kind.hint().is_empty());
            }
            errors.render(&name, &String::from_utf8_lossy(source));
            return;
        }
    };
    let sites = master.sites();
    assert!(
        sites
            .iter()
            .all(|site| (2..=1 << 32).contains(&site.values))
    );
    let mut numbers = Numbers::of(source);
    let symbols: Vec<u64> = sites
        .iter()
        .map(|site| numbers.below(site.values))
        .collect();
    let copy = master
        .embed(&symbols)
        .expect("the symbols are of this master");
    assert_eq!(copy, master.embed(&symbols).expect("they still are"));
    if sites.is_empty() && !may_be_marked(source) {
        assert_eq!(copy, source);
    }
    if is_all_syntax(source) {
        assert!(!copy.contains(&b'~'), "mark syntax in a copy");
    }
    if let (Some(site), Some(last)) = (sites.last(), symbols.len().checked_sub(1)) {
        let mut wrong = symbols.clone();
        wrong[last] = site.values;
        assert!(matches!(
            master.embed(&wrong),
            Err(EmbedError::Symbol { .. })
        ));
        assert!(matches!(
            master.embed(&symbols[..last]),
            Err(EmbedError::Length { .. })
        ));
    }
});

/// Whether anything in it could be syntax: every mark, directive and escape has a tilde.
fn may_be_marked(source: &[u8]) -> bool {
    source.contains(&b'~')
}

/// Whether each tilde belongs to a prose mark, none is escaped, and no wording can put one together again.
fn is_all_syntax(source: &[u8]) -> bool {
    let at = |place: Option<usize>| place.and_then(|place| source.get(place)).copied();
    !source.contains(&b'\\')
        && std::str::from_utf8(source).is_ok()
        && source
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'~')
            .all(|(place, _)| {
                at(place.checked_sub(1)) == Some(b'{') || at(place.checked_add(1)) == Some(b'}')
            })
}
