//! Programs, rules and data: any text is answered in every language, the same every time.
//!
//! Fields: a byte that chooses the language, text.
#![no_main]

use author::syntax::{Language, SYNTAX_ERRORS_MAX, check_as};
use headstart_fuzz::fields::fields;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [choice, text] = fields(input);
    let choice = choice.first().copied().unwrap_or(0) as usize;
    let language = Language::ALL[choice % Language::ALL.len()];
    let text = String::from_utf8_lossy(text);
    let answer = check_as(language, &text);
    if let Err(errors) = &answer {
        assert!((1..=SYNTAX_ERRORS_MAX).contains(&errors.len()));
        for error in errors {
            assert!(error.line >= 1 && error.column >= 1);
            assert!(error.line as usize <= text.matches('\n').count() + 1);
            assert!(!error.what.contains('\n'));
        }
    }
    assert_eq!(answer, check_as(language, &text));
});
