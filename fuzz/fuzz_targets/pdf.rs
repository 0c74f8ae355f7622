//! PDF: the text layer of any bytes, of a page with any content, and of any deflated content.
//!
//! The product reads PDFs in a process of its own, with limits of time and memory; what is looked for here is what
//! would use these limits up.
#![no_main]

use intake::readers::pdf_text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let _ = pdf_text(input.to_vec(), 100);
    let mut page = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n\
        3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>/XObject<</X 4 0 R>>>>>>\nendobj\n\
        5 0 obj\n<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>\nendobj\n".to_vec();
    page.extend(format!("4 0 obj\n<</Length {}/Type/XObject/Subtype/Form/BBox[0 0 9 9]>>\nstream\n", input.len()).bytes());
    page.extend(input);
    page.extend(b"\nendstream\nendobj\ntrailer\n<</Size 6/Root 1 0 R>>\n%%EOF\n");
    if let Ok(text) = pdf_text(page.clone(), 100) {
        assert_eq!(pdf_text(page, 100).expect("it was read"), text);
    }
});
