//! Values of copies exported for sensors, seen in feeds, and traced.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::Write;
use std::process::Stdio;
use std::sync::OnceLock;

use support::{CASE, Office, Template, VALIDATE};

const SEATS: [(&str, usize); 3] = [("p-01", 2), ("p-02", 1), ("p-03", 2)];

fn office() -> Office {
    static PRESSED: OnceLock<Template> = OnceLock::new();
    PRESSED
        .get_or_init(|| {
            let office = Office::small(&SEATS);
            office.done(&format!("wave open {CASE} --now {VALIDATE}"));
            office.fetch_and_open(CASE, "p-02.s1");
            office.template()
        })
        .office()
}

/// The literal behind a name in a seat's copy of the PoC.
fn value(office: &Office, seat: &str, name: &str) -> String {
    let poc = String::from_utf8(office.read(&format!("{seat}/poc.py"))).unwrap();
    let line = poc.lines().find(|line| line.starts_with(name)).unwrap();
    line.split('"').nth(1).unwrap().to_owned()
}

/// A web server's log in which the third line is the request of the seat's PoC.
fn log_of(office: &Office, seat: &str) -> String {
    let (ticket, doc) = (value(office, seat, "TICKET"), value(office, seat, "DOC"));
    let visit = value(office, seat, "VISIT");
    let quiet = "192.0.2.7 - - [07/Dec/2026:05:12:35 +0000] \"GET /index.html HTTP/1.1\" 200 5120 \"-\" \"curl/8.14.1\"\n";
    format!(
        "{quiet}{quiet}203.0.113.9 - - [07/Dec/2026:05:36:01 +0000] \"POST /preview/v2/render?doc=welcome&ticket={ticket}&limit=38&doc+={doc} HTTP/1.1\" 404 196 \"-\" \"-\" \"lk_view={visit}\"\n{quiet}"
    )
}

#[test]
fn what_sensors_get_names_no_partner_no_case_and_no_product() {
    let office = office();
    for form in ["tokens", "suricata", "yara", "sigma", "kql"] {
        let made = office.done(&format!(
            "detection {CASE} --form {form} --out content.{form}"
        ));
        // Three nonces, each its partner's or its seat's.
        let strong = made["strong"].as_u64().unwrap();
        assert!((9..=15).contains(&strong), "{strong}");
        let content = String::from_utf8(office.read(&format!("content.{form}"))).unwrap();
        let ticket = value(&office, "p-02.s1", "TICKET");
        assert!(content.contains(&ticket), "{form}: {content}");
        assert!(content.contains(made["reference"].as_str().unwrap().trim_start_matches("W-")));
        for secret in ["p-01", "p-02", "Partner", CASE, "HS-", "Larkspur", "poc.py"] {
            assert!(!content.contains(secret), "{form} shows `{secret}`");
        }
    }
}

#[test]
fn a_sighting_is_recorded_once_and_its_records_name_the_copy() {
    let office = office();
    office.write("access.log", log_of(&office, "p-02.s1"));
    let seen = office.done("watch access.log");
    let record = &seen["records"][0];
    assert_eq!(record["case"], CASE);
    assert_eq!(record["line"], 3);
    assert_eq!(record["marks"], 3);
    assert_eq!(seen["records"].as_array().unwrap().len(), 1);
    let sighting = seen["sightings"][0]["sighting"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(seen["sightings"][0]["known_before"], false);

    let again = office.done("watch access.log");
    assert_eq!(again["sightings"][0]["known_before"], true);
    let listed = office.done(&format!("sighting list {CASE}"));
    assert_eq!(listed["sightings"].as_array().unwrap().len(), 1);

    office.done(&format!("sighting save {CASE} {sighting} --out seen.log"));
    let traced = office.done("trace seen.log");
    assert_eq!(traced["verdict"], "accuse");
    assert_eq!(traced["accused"][0]["partner"], "p-02");
}

#[test]
fn a_sensor_without_the_program_reads_standard_input() {
    let office = office();
    office.done(&format!("detection {CASE} --form tokens --out list.txt"));
    let mut command = office.command(&["watch", "--tokens", "list.txt", "-", "--json"]);
    command.env("HEADSTART_DATA", office.path("nothing-here"));
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let log = log_of(&office, "p-02.s1");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(log.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let seen: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(seen["records"][0]["line"], 3);
    assert_eq!(seen["records"][0]["case"], serde_json::Value::Null);
    assert_eq!(seen["sightings"].as_array().unwrap().len(), 0);
}

#[test]
fn a_capture_without_lines_is_read_across_its_blocks() {
    let office = office();
    office.done(&format!("detection {CASE} --form tokens --out list.txt"));
    let ticket = value(&office, "p-02.s1", "TICKET");
    for at in [(4 << 20) - 260, (4 << 20) - 4, (4 << 20) + 3] {
        let mut feed = vec![b'-'; 9 << 20];
        feed[at..at + 8].copy_from_slice(ticket.as_bytes());
        office.write("capture.bin", &feed);
        let seen = office.done("watch --tokens list.txt capture.bin");
        let records = seen["records"].as_array().unwrap();
        assert_eq!(records.len(), 1, "at {at}");
        assert_eq!(records[0]["byte"], at);
    }
}

#[test]
fn nothing_seen_is_exit_code_1_and_a_wrong_list_is_named() {
    let office = office();
    office.write("quiet.log", "GET / HTTP/1.1\n");
    let quiet = office.say("watch quiet.log").exits(1);
    assert!(quiet.out.starts_with("nothing seen; "), "{quiet:#?}");
    office.write("list.txt", "c41d9e7a\n");
    office
        .refused(2, "watch --tokens list.txt quiet.log")
        .says(&["list.txt", "headstart detection"]);
    office
        .refused(2, "watch no-such.log")
        .says(&["no-such.log"]);
}
