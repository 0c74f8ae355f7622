//! Detection rules and lists of indicators: converters, a compiler, what an alert shows.

use crate::edits;
use crate::material::{Sample, demo, leak, leak_of, neighbours, own, trials};
use crate::matrix::{Matrix, column, decisive};
use crate::tools;

pub fn matrix(quick: bool) -> Matrix {
    let columns = vec![
        decisive("paste"),
        decisive("prettier"),
        column("sigma convert"),
        column("yarac strings"),
        column("suricata-update"),
        column("alert (simulated)"),
        column("two merged"),
    ];
    let mut matrix = Matrix::new("Rules and indicators", columns);
    let count = if quick { 10 } else { 100 };
    let mut samples = demo("larkspur.rules", count);
    samples.extend(trials("sync.rules", count));
    samples.extend(demo("larkspur.yml", count));
    samples.extend(trials("sync.yml", count));
    samples.extend(own("share.yar", count));
    samples.extend(demo("indicators.csv", count));
    samples.extend(own("stix-bundle.json", count));
    for sample in &samples {
        let name = sample.master.file_name();
        matrix.read(
            "paste",
            sample,
            None,
            &leak_of("pasted.txt", &sample.text()),
        );
        if name.ends_with(".rules") {
            matrix.read(
                "alert (simulated)",
                sample,
                None,
                &leak_of("eve.json", &alerts(&sample.text())),
            );
        }
    }
    for (one, other) in neighbours(&samples) {
        let merged = edits::merged(&one.text(), &other.text());
        matrix.read(
            "two merged",
            one,
            Some(other),
            &leak_of(one.master.file_name(), &merged),
        );
    }
    each(&mut matrix, &samples, "prettier", ".yml", "a.yml", |s| {
        tools::run("prettier", &["--stdin-filepath", "a.yml"], &s.bytes)
    });
    each(&mut matrix, &samples, "prettier", ".json", "a.json", |s| {
        tools::run("prettier", &["--stdin-filepath", "a.json"], &s.bytes)
    });
    // Converting starts a Python program each time.
    let fewer: Vec<Sample> = samples
        .iter()
        .step_by(if quick { 5 } else { 4 })
        .cloned()
        .collect();
    each(
        &mut matrix,
        &fewer,
        "sigma convert",
        ".yml",
        "query.txt",
        |s| {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("rule.yml"), &s.bytes).unwrap();
            tools::run_in(
                folder.path(),
                "sigma",
                &["convert", "-t", "splunk", "--without-pipeline", "rule.yml"],
                b"",
            )
        },
    );
    each(
        &mut matrix,
        &samples,
        "yarac strings",
        ".yar",
        "strings.txt",
        |s| {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("rule.yar"), &s.bytes).unwrap();
            tools::run_in(folder.path(), "yarac", &["rule.yar", "rule.yac"], b"")?;
            tools::run_in(folder.path(), "strings", &["-n", "4", "rule.yac"], b"")
        },
    );
    each(
        &mut matrix,
        &fewer,
        "suricata-update",
        ".rules",
        "suricata.rules",
        |s| {
            let folder = tempfile::tempdir().unwrap();
            let path = |name: &str| folder.path().join(name).display().to_string();
            std::fs::write(folder.path().join("local.rules"), &s.bytes).unwrap();
            let (data, out, local) = (
                path("data"),
                path("out"),
                format!("file://{}", path("local.rules")),
            );
            tools::run(
                "suricata-update",
                &[
                    "-D",
                    &data,
                    "-o",
                    &out,
                    "--no-test",
                    "--no-reload",
                    "--suricata-version",
                    "7.0.0",
                    "--url",
                    &local,
                ],
                b"",
            )?;
            std::fs::read(folder.path().join("out/suricata.rules"))
                .map_err(|e| format!("suricata-update wrote no rules: {e}"))
        },
    );
    matrix
}

fn each(
    matrix: &mut Matrix,
    samples: &[Sample],
    name: &'static str,
    ending: &str,
    file: &str,
    make: impl Fn(&Sample) -> Result<Vec<u8>, String>,
) {
    for sample in samples
        .iter()
        .filter(|s| s.master.file_name().ends_with(ending))
    {
        match make(sample) {
            Ok(bytes) => matrix.read(name, sample, None, &leak(&[(file.to_owned(), bytes)])),
            Err(why) => {
                matrix.lacks(name, &why);
                break;
            }
        }
    }
}

/// What an alert of each rule shows in EVE: its message and its number. Metadata is left out: its order there is the
/// engine's.
fn alerts(rules: &str) -> String {
    let mut out = String::new();
    for rule in rules.lines().filter(|line| line.starts_with("alert")) {
        let option = |name: &str, end: &str| {
            let from = rule.find(name)? + name.len();
            let rest = rule.get(from..)?;
            rest.get(..rest.find(end)?).map(str::to_owned)
        };
        let record = serde_json::json!({
            "timestamp": "2026-12-07T05:27:17.530449+0000", "event_type": "alert", "src_ip": "203.0.113.9",
            "alert": {
                "action": "allowed", "gid": 1, "rev": 2, "category": "Web Application Attack",
                "signature": option("msg:\"", "\""), "signature_id": option("sid:", ";").and_then(|s| s.parse::<u64>().ok()),
            },
        });
        out.push_str(&record.to_string());
        out.push('\n');
    }
    out
}
