//! Any bytes are taken in without a panic, and the same every time.

use intake::{Found, Tools, survey};
use proptest::prelude::*;

use crate::made::{docx, gzip, page_of, small, tar, zip};

fn whole() -> Vec<Vec<u8>> {
    let document = docx("<w:p><w:r><w:t>words</w:t></w:r></w:p>");
    vec![
        zip(&[("a.txt", b"words"), ("b.docx", &document)]),
        gzip(&tar(&[("a.txt", b"words"), ("b.zip", &document)])),
        document,
        page_of(&["words"]),
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x10\0\0\0\x10".to_vec(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_file_with_bytes_exchanged_cut_off_or_put_in_is_taken_in(
        which in 0usize..5,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 0..20),
    ) {
        let mut bytes = whole().swap_remove(which);
        for (at, byte, how) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ if byte < 20 => bytes.truncate(at),
                _ => {
                    bytes.remove(at);
                }
            }
        }
        let found = [Found::Bytes { name: "a".into(), bytes }];
        // No program is started: what is tested is what is read in this process.
        let tools = Tools { tesseract: "not-here".into(), ..Tools::new(Vec::new()) };
        let intake = survey(&found, &tools, &small());
        prop_assert_eq!(&survey(&found, &tools, &small()), &intake);
    }
}
