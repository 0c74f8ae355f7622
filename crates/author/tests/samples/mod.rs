//! One sample of each language, as an author has it before any mark.

#[allow(dead_code, reason = "not every test program uses them")]
pub const SAMPLES: [(&str, &str); 11] = [
    (
        "share_check.py",
        include_str!("../../vectors/python/share_check.py"),
    ),
    (
        "share-check.mjs",
        include_str!("../../vectors/javascript/share-check.mjs"),
    ),
    (
        "share-check.ts",
        include_str!("../../vectors/typescript/share-check.ts"),
    ),
    (
        "share_check.c",
        include_str!("../../vectors/c/share_check.c"),
    ),
    (
        "Test-Share.ps1",
        include_str!("../../vectors/powershell/Test-Share.ps1"),
    ),
    (
        "share-check.sh",
        include_str!("../../vectors/shell/share-check.sh"),
    ),
    (
        "share.rules",
        include_str!("../../vectors/suricata/share.rules"),
    ),
    ("share.yar", include_str!("../../vectors/yara/share.yar")),
    ("share.yml", include_str!("../../vectors/sigma/share.yml")),
    ("share.kql", include_str!("../../vectors/kql/share.kql")),
    (
        "request.json",
        include_str!("../../vectors/json/request.json"),
    ),
];
