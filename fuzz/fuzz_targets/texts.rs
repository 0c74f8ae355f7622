//! Short texts that people type: what is read is written in a form that reads the same.
#![no_main]

use domain::advisory::Score;
use domain::artifact::ArtifactKind;
use domain::commitment::Leaf;
use domain::country::Country;
use domain::duty::DutyId;
use domain::ids::{
    AgreementVersion, ArtifactId, BlobId, CaseId, CveId, PartnerId, PersonName, SeatId, TraceId,
};
use domain::parse_release;
use domain::partner::{Status, Tier};
use domain::sealed::Digest;
use domain::seat::{Email, Recipient};
use domain::tlp::Tlp;
use domain::wave::{OFFSET_MINUTES_MAX, Offset, Offsets, WaveName};
use libfuzzer_sys::fuzz_target;
use std::fmt::Display;

fn same<T: Display + PartialEq + std::fmt::Debug, E>(text: &str, parse: fn(&str) -> Result<T, E>)
where
    E: Display,
{
    match parse(text) {
        Ok(value) => {
            let written = value.to_string();
            match parse(&written) {
                Ok(again) => assert_eq!(value, again),
                Err(error) => panic!("`{written}` is not read back: {error}"),
            }
        }
        Err(error) => {
            let said = error.to_string();
            assert!(!said.contains('\n') && said.len() <= 2000, "{said:?}");
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    same(text, parse_release);
    same(text, Offset::parse);
    same(text, PartnerId::parse);
    same(text, SeatId::parse);
    same(text, CaseId::parse);
    same(text, ArtifactId::parse);
    same(text, TraceId::parse);
    same(text, CveId::parse);
    same(text, AgreementVersion::parse);
    same(text, PersonName::parse);
    same(text, BlobId::parse);
    same(text, Country::parse);
    same(text, Email::parse);
    same(text, Recipient::parse);
    same(text, Tlp::parse);
    same(text, DutyId::parse);
    if let Ok(offset) = Offset::parse(text) {
        assert!(offset.minutes() <= OFFSET_MINUTES_MAX);
    }
    if let Ok(score) = Score::new(text, None) {
        assert!((0.0..=10.0).contains(&score.value()));
    }
    if let Some(digest) = Digest::parse(text) {
        assert_eq!(digest.to_string(), text);
    }
    if let Some(leaf) = Leaf::parse(text) {
        assert_eq!(leaf.to_string(), text);
    }
    let _ = Offsets::default().with(text.split(','));
    let _ = (
        WaveName::parse(text),
        Tier::parse(text),
        Status::parse(text),
        ArtifactKind::parse(text),
    );
});
