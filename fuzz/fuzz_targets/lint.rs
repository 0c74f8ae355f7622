//! Lints: any master is linted, and the copies that are tried are copies of it.
//!
//! Fields: file name, master.
#![no_main]

use author::lint::{FINDINGS_MAX, SAMPLES_MAX, lint_master, narrow, samples};
use carriers::Master;
use headstart_fuzz::fields::{fields, file_name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [name, source] = fields(input);
    let name = file_name(name);
    let Ok(master) = Master::parse(&name, source) else {
        return;
    };
    let findings = lint_master(&master, source);
    assert!(findings.0.len() <= FINDINGS_MAX);
    let text = String::from_utf8_lossy(source);
    for finding in &findings.0 {
        assert!(finding.line >= 1 && finding.column >= 1 && finding.length >= 1);
        assert!(!finding.kind.to_string().contains('\n'));
        assert!(!finding.kind.hint().is_empty());
    }
    findings.render(&name, &text);
    let tried = samples(&master, 1);
    assert!((1..=SAMPLES_MAX).contains(&tried.len()));
    for symbols in &tried {
        assert!(master.embed(symbols).is_ok());
        let culprits = narrow(symbols, |_| true);
        assert!(culprits.iter().all(|site| symbols[*site] != 0));
    }
});
