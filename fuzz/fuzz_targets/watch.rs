//! Lists of tokens from outside, and feeds of any bytes.
#![no_main]

use carriers::watch::{Token, Watch};
use flow::detection::{Detection, Form};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let middle = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (list, feed) = data.split_at(middle);
    let Ok(list) = std::str::from_utf8(list) else {
        return;
    };
    let Ok(detection) = Detection::parse(list) else {
        return;
    };
    // What is read is written as it was understood.
    let again = Detection::parse(&detection.render(Form::Tokens));
    assert_eq!(again.as_ref(), Ok(&detection));
    for form in [Form::Suricata, Form::Yara, Form::Sigma, Form::Kql] {
        let _ = detection.render(form);
    }
    let tokens: Result<Vec<Token>, _> = detection.known.iter().map(|k| Token::new(&k.text)).collect();
    let Ok(watch) = tokens.and_then(Watch::new) else {
        return;
    };
    let whole = watch.scan(feed);
    let mut stream = watch.stream();
    let mut pieces = Vec::new();
    for piece in feed.chunks(7) {
        pieces.extend(stream.feed(piece));
    }
    pieces.extend(stream.finish());
    assert_eq!(pieces, whole);
});
