//! The demo's files, part of the binary so that it runs anywhere.

/// The advisory that makes the case.
pub const ADVISORY: &[u8] = include_bytes!("../../demo/advisory.json");
/// The partners.
pub const PARTNERS: &[u8] = include_bytes!("../../demo/partners.csv");
/// The seats: `partner,email`.
pub const SEATS: &str = include_str!("../../demo/seats.csv");
/// A sensor's log with the line `@@EXPLOIT@@` where the exploit requests belong.
pub const SENSOR: &str = include_str!("../../demo/sensor-template.json");
/// An advisory of another vendor, without marks.
pub const UNRELATED: &[u8] = include_bytes!("../../demo/unrelated-advisory.md");

/// The masters, by file name.
pub const MASTERS: [(&str, &[u8]); 5] = [
    ("write-up.md", include_bytes!("../../demo/write-up.md")),
    ("poc.py", include_bytes!("../../demo/poc.py")),
    (
        "larkspur.rules",
        include_bytes!("../../demo/larkspur.rules"),
    ),
    ("larkspur.yml", include_bytes!("../../demo/larkspur.yml")),
    (
        "indicators.csv",
        include_bytes!("../../demo/indicators.csv"),
    ),
];

/// Partner and mail address of every seat.
pub fn seats() -> impl Iterator<Item = (&'static str, &'static str)> {
    SEATS
        .lines()
        .skip(1)
        .filter_map(|line| line.trim().split_once(','))
}
