//! What happens to copies of a realistic case, and what is still read: right, wrong and erased, counted.
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap like tests")]

use carriers::find::{self, Sketch};
use carriers::{Leak, Master, SiteReading, read};
use fingerprint::Reading;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const WRITE_UP: &str = include_str!("../vectors/larkspur/write-up.md");
const POC: &str = include_str!("../vectors/larkspur/poc.py");
const SURICATA: &str = include_str!("../vectors/larkspur/larkspur.rules");
const SIGMA: &str = include_str!("../vectors/larkspur/larkspur.yml");
const UNRELATED: &str = include_str!("../vectors/larkspur/unrelated-advisory.md");

fn master(file_name: &str, source: &str) -> Master {
    Master::parse(file_name, source.as_bytes())
        .unwrap_or_else(|e| panic!("{}", e.render(file_name, source)))
}

fn symbols(master: &Master, rng: &mut ChaCha8Rng) -> Vec<u64> {
    master
        .sites()
        .iter()
        .map(|s| rng.next_u64() % s.values)
        .collect()
}

fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    (rng.next_u64() % n as u64) as usize
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    right: usize,
    /// A set that holds the right value, and leaves some out.
    doubt: usize,
    wrong: usize,
    erased: usize,
}

impl Count {
    fn add(&mut self, readings: &[SiteReading], truth: &[u64]) {
        assert_eq!(readings.len(), truth.len());
        for (reading, truth) in readings.iter().zip(truth) {
            match &reading.reading {
                Reading::Values { values, .. } if values == &[*truth] => self.right += 1,
                Reading::Values { values, .. } if values.contains(truth) => self.doubt += 1,
                Reading::Soft { weights, .. } if weights.iter().any(|w| w.0 == *truth) => {
                    self.doubt += 1;
                }
                Reading::Erased => {
                    assert!(reading.why_erased.is_some());
                    self.erased += 1;
                }
                _ => self.wrong += 1,
            }
        }
    }

    fn all(self) -> usize {
        self.right + self.doubt + self.wrong + self.erased
    }

    /// At most 0.5 % wrong, and at least `right_min` of all right.
    fn check(self, what: &str, right_min: f64) {
        assert!(self.wrong * 200 <= self.all(), "{what}: {self:?}");
        assert!(
            self.right as f64 >= right_min * self.all() as f64,
            "{what}: {self:?}"
        );
    }
}

/// Embeds `rounds` random copies, bends each, and counts what is read.
fn count(
    master: &Master,
    seed: u64,
    rounds: usize,
    leak_name: &str,
    bend: impl Fn(&str, &mut ChaCha8Rng) -> String,
) -> Count {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut count = Count::default();
    for _ in 0..rounds {
        let truth = symbols(master, &mut rng);
        let copy = String::from_utf8(master.embed(&truth).unwrap()).unwrap();
        let leak = Leak::parse(leak_name, bend(&copy, &mut rng).as_bytes()).unwrap();
        count.add(&read(master, &leak), &truth);
    }
    count
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

fn reflow(text: &str) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        if width + word.len() > 60 {
            out.push('\n');
            width = 0;
        }
        out.push_str(word);
        out.push(' ');
        width += word.len() + 1;
    }
    out
}

fn to_html(text: &str) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('\'', "&rsquo;");
    let body: String = escaped
        .split("\n\n")
        .map(|p| {
            format!(
                "<p class=\"x\">{}</p>\n",
                p.replace("`", "")
                    .replacen(' ', " <b>", 1)
                    .replacen(". ", "</b>. ", 1)
            )
        })
        .collect();
    format!("<!DOCTYPE html><html><head><style>p {{ }}</style></head><body>{body}</body></html>")
}

/// Markdown as it looks when rendered and pasted: no signs, typographic quotes and dashes.
fn to_plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("](") {
        out.push_str(&rest[..at]);
        rest = rest[at..].find(')').map_or("", |p| &rest[at + p + 1..]);
    }
    out.push_str(rest);
    out.replace(['#', '*', '`', '[', '|'], "")
        .replace("\n- ", "\n\u{2022} ")
        .replace(" - ", " \u{2014} ")
        .replace('\'', "\u{2019}")
        .replace(" a ", " a\u{a0}")
}

/// Words replaced, left out or put in with this chance.
fn word_noise(text: &str, chance: f64, rng: &mut ChaCha8Rng) -> String {
    let vocabulary = words(text);
    let mut out = String::new();
    for word in &vocabulary {
        let other = vocabulary[below(rng, vocabulary.len())];
        let roll = below(rng, 3000) as f64 / 1000.0;
        match () {
            () if roll < chance => {}
            () if roll < 2.0 * chance => out.push_str(other),
            () if roll < 3.0 * chance => out.push_str(&format!("{word} {other}")),
            () => out.push_str(word),
        }
        out.push(' ');
    }
    out
}

/// One letter in sixty is wrong, as by a hurried typist.
fn typos(text: &str, rng: &mut ChaCha8Rng) -> String {
    text.chars()
        .map(|c| {
            let typo = c.is_ascii_lowercase() && below(rng, 60) == 0;
            if typo {
                char::from(b'a' + below(rng, 26) as u8)
            } else {
                c
            }
        })
        .collect()
}

type Bend = fn(&str) -> String;

#[test]
fn a_pasted_or_reformatted_write_up_is_read_whole() {
    let write_up = master("write-up.md", WRITE_UP);
    assert!(write_up.sites().len() >= 60);
    let bent: [(&str, &str, Bend); 6] = [
        ("paste", "leak.txt", |t| t.to_owned()),
        ("reflow", "leak.txt", reflow),
        ("case", "leak.txt", |t| t.to_uppercase()),
        ("html", "page.html", to_html),
        ("plain", "leak.txt", to_plain),
        ("no punctuation", "leak.txt", |t| {
            t.replace(
                |c: char| c.is_ascii_punctuation() && c != '\'' && c != '_',
                " ",
            )
        }),
    ];
    for (seed, (what, name, bend)) in bent.into_iter().enumerate() {
        count(&write_up, seed as u64, 6, name, |t, _| bend(t)).check(what, 0.97);
    }
}

#[test]
fn typos_and_word_noise_erase_and_do_not_mislead() {
    let write_up = master("write-up.md", WRITE_UP);
    count(&write_up, 11, 8, "x.txt", typos).check("typos", 0.6);
    let tenth = count(&write_up, 12, 8, "x.txt", |t, r| word_noise(t, 0.1, r));
    tenth.check("10 % of the words", 0.7);
    let third = count(&write_up, 13, 8, "x.txt", |t, r| word_noise(t, 0.3, r));
    third.check("30 % of the words", 0.4);
}

#[test]
fn fragments_in_any_order_are_read_where_they_are() {
    let write_up = master("write-up.md", WRITE_UP);
    let window = |t: &str, from: usize, length: usize| words(t)[from..from + length].join(" ");
    let one = count(&write_up, 21, 10, "x.txt", |t, r| {
        let from = below(r, words(t).len() - 300);
        window(t, from, 300)
    });
    one.check("a window of 300 words", 0.08);
    let two = count(&write_up, 22, 10, "x.txt", |t, _| {
        let half = words(t).len() / 2;
        format!(
            "{}\n\nand before that:\n\n{}",
            window(t, half, 250),
            window(t, 100, 250)
        )
    });
    two.check("two windows, the later first", 0.2);
    let shuffled = count(&write_up, 23, 6, "x.txt", |t, r| {
        let mut paragraphs: Vec<&str> = t.split("\n\n").collect();
        for i in (1..paragraphs.len()).rev() {
            paragraphs.swap(i, below(r, i + 1));
        }
        paragraphs.join("\n\n")
    });
    shuffled.check("paragraphs in another order", 0.85);
}

#[test]
fn pieces_of_two_copies_show_both_values_or_one_and_never_a_third() {
    let write_up = master("write-up.md", WRITE_UP);
    let mut rng = ChaCha8Rng::seed_from_u64(31);
    let (a, b) = (symbols(&write_up, &mut rng), symbols(&write_up, &mut rng));
    let text = |s: &[u64]| String::from_utf8(write_up.embed(s).unwrap()).unwrap();
    let both = format!("{}\n\n----\n\n{}", text(&a), text(&b));
    let readings = read(&write_up, &Leak::parse("x.txt", both.as_bytes()).unwrap());
    let mut seen = 0;
    for (site, reading) in readings.iter().enumerate() {
        if let Reading::Values { values, .. } = &reading.reading {
            seen += 1;
            assert!(
                values.iter().all(|v| *v == a[site] || *v == b[site]),
                "site {site}: {values:?}"
            );
        }
    }
    assert!(seen * 3 > readings.len(), "{seen} of {}", readings.len());
}

#[test]
fn unrelated_text_gives_no_reading_and_no_case() {
    let masters = [
        master("write-up.md", WRITE_UP),
        master("poc.py", POC),
        master("larkspur.rules", SURICATA),
        master("larkspur.yml", SIGMA),
    ];
    let leak = Leak::parse("advisory.md", UNRELATED.as_bytes()).unwrap();
    for master in &masters {
        let read = read(master, &leak);
        assert!(
            read.iter().all(|r| r.reading == Reading::Erased),
            "{}",
            master.file_name()
        );
    }
    let sketch = Sketch::of(&masters.iter().collect::<Vec<_>>());
    assert_eq!(find::rank([&sketch], &leak, 5), []);
}

#[test]
fn programs_and_rules_are_read_from_their_text() {
    for (name, source) in [
        ("poc.py", POC),
        ("larkspur.rules", SURICATA),
        ("larkspur.yml", SIGMA),
    ] {
        let master = master(name, source);
        count(&master, 41, 10, name, |t, _| t.to_owned()).check(name, 0.99);
        count(&master, 42, 10, "x.txt", |t, _| reflow(t)).check(name, 0.99);
    }
}

/// What follows `NAME = ` at the beginning of a line.
fn constant(copy: &str, name: &str) -> String {
    let start = format!("{name} = ");
    let line = copy.lines().find(|l| l.starts_with(&start)).unwrap();
    line[start.len()..].trim_matches('"').to_owned()
}

/// The name before `=value)` in the copy.
fn keyword(copy: &str, value: &str) -> String {
    let at = copy.find(&format!("={value})")).unwrap();
    copy[..at].rsplit('(').next().unwrap().to_owned()
}

/// The entries of the dictionary `name`, in order.
fn entries(copy: &str, name: &str) -> Vec<(String, String)> {
    let at = copy.find(&format!("    {name} = {{\n")).unwrap();
    copy[at..]
        .lines()
        .skip(1)
        .take_while(|l| l.trim() != "}")
        .map(|l| {
            let (key, value) = l.trim().trim_end_matches(',').split_once(": ").unwrap();
            (key.trim_matches('"').to_owned(), value.to_owned())
        })
        .collect()
}

/// The request that a copy of the proof of concept sends: target, headers and body.
fn request(copy: &str) -> (String, Vec<(String, String)>, String) {
    let value = |expression: &str| {
        let name = expression.trim_start_matches("str(").trim_end_matches(')');
        if name.starts_with('"') {
            name.trim_matches('"').to_owned()
        } else {
            constant(copy, name)
        }
    };
    let filler: usize = constant(copy, "FILLER")
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let target = format!(
        "/preview/v2/render?doc=welcome&ticket={}&limit={}&doc+={}",
        constant(copy, "TICKET"),
        constant(copy, "LIMIT"),
        constant(copy, "DOC")
    );
    let mut headers: Vec<(String, String)> = entries(copy, "lines")
        .into_iter()
        .map(|(k, v)| (k, value(&v)))
        .collect();
    headers.push((
        "Cookie".into(),
        format!("{}={}", keyword(copy, "VISIT"), constant(copy, "VISIT")),
    ));
    let origin = keyword(copy, "\"overview\"")
        .replace('_', "-")
        .to_uppercase();
    headers.push((origin, "overview".into()));
    let mut fields: Vec<String> = entries(copy, "options")
        .into_iter()
        .map(|(k, v)| {
            if v.starts_with('"') {
                format!("\"{k}\": {v}")
            } else {
                format!("\"{k}\": {}", value(&v))
            }
        })
        .collect();
    fields.push(format!("\"{}\": \"plain\"", keyword(copy, "\"plain\"")));
    fields.push(format!("\"note\": \"{}\"", "Q".repeat(filler)));
    (target, headers, format!("{{{}}}", fields.join(", ")))
}

fn raw_http(copy: &str) -> String {
    let (target, headers, body) = request(copy);
    let headers: String = headers
        .iter()
        .map(|(k, v)| format!("{k}: {v}\r\n"))
        .collect();
    format!("POST {target} HTTP/1.1\r\nHost: share.tidewater.example\r\n{headers}\r\n{body}")
}

fn eve(copy: &str) -> String {
    let (target, headers, body) = request(copy);
    let headers: Vec<_> = headers
        .iter()
        .map(|(k, v)| serde_json::json!({"name": k, "value": v}))
        .collect();
    serde_json::json!({"event_type": "http", "http": {
        "hostname": "share.tidewater.example", "http_method": "POST", "url": target,
        "request_headers": headers, "http_request_body_printable": body}})
    .to_string()
}

fn access_log(copy: &str) -> String {
    let (target, ..) = request(copy);
    let line = |request: &str| {
        format!(
            "192.0.2.9 - - [07/Dec/2026:05:12:35 +0000] \"{request} HTTP/1.1\" 404 312 \"-\" \"curl/8\"\n"
        )
    };
    let noise: String = (0..200u32)
        .map(|i| {
            line(&format!(
                "GET /static/{:08x}.js?v={i}&ticket=none",
                i.wrapping_mul(0x9e37_79b9)
            ))
        })
        .collect();
    format!("{noise}{}{noise}", line(&format!("POST {target}")))
}

#[test]
fn requests_of_the_proof_of_concept_show_its_values() {
    let poc = master("poc.py", POC);
    count(&poc, 51, 12, "request.txt", |t, _| raw_http(t)).check("raw HTTP", 0.99);
    count(&poc, 52, 12, "eve.json", |t, _| eve(t)).check("EVE", 0.99);
    // Only the address: ticket, limit, and the second document.
    let log = count(&poc, 53, 12, "access.log", |t, _| access_log(t));
    log.check("access log", 2.0 / poc.sites().len() as f64);
}

#[test]
fn a_renamed_and_squeezed_program_still_shows_its_values() {
    let poc = master("poc.py", POC);
    let count = count(&poc, 61, 12, "x.js", |t, _| {
        let (target, headers, body) = request(t);
        let headers: Vec<String> = headers
            .iter()
            .map(|(k, v)| format!("\"{k}\":\"{v}\""))
            .collect();
        format!(
            "const u=process.argv[2];fetch(u+\"{target}\",{{method:\"POST\",headers:{{{}}},body:JSON.stringify({body})}}).then(r=>console.log(r.status))",
            headers.join(",")
        )
    });
    count.check("port to another language", 0.5);
}

#[test]
fn the_case_is_found_among_others_from_text_and_from_requests() {
    let case = [master("write-up.md", WRITE_UP), master("poc.py", POC)];
    let mut rng = ChaCha8Rng::seed_from_u64(71);
    let vocabulary = words(UNRELATED);
    let mut sketches: Vec<Sketch> = (0..400)
        .map(|_| {
            let text: Vec<&str> = (0..800)
                .map(|_| vocabulary[below(&mut rng, vocabulary.len())])
                .collect();
            Sketch::of(&[&master("other.md", &text.join(" "))])
        })
        .collect();
    sketches[123] = Sketch::of(&[&case[0], &case[1]]);
    let ask = |name: &str, text: String| {
        let leak = Leak::parse(name, text.as_bytes()).unwrap();
        let found = find::rank(&sketches, &leak, 3);
        assert_eq!(
            found.first().map(|c| c.index),
            Some(123),
            "{name}: {found:?}"
        );
        assert!(found[0].score > 0.0 && found[0].score < 1.0 && !found[0].reason.is_empty());
    };
    let truth = symbols(&case[0], &mut rng);
    let copy = String::from_utf8(case[0].embed(&truth).unwrap()).unwrap();
    ask("sixty.txt", words(&copy)[400..460].join(" "));
    ask(
        "noisy.txt",
        word_noise(&words(&copy)[200..500].join(" "), 0.3, &mut rng),
    );
    let truth = symbols(&case[1], &mut rng);
    let copy = String::from_utf8(case[1].embed(&truth).unwrap()).unwrap();
    ask("eve.json", eve(&copy));
    ask("access.log", access_log(&copy));
    ask("request.txt", raw_http(&copy));
}

#[test]
fn a_sketch_survives_its_bytes_and_refuses_others() {
    let sketch = Sketch::of(&[&master("write-up.md", WRITE_UP), &master("poc.py", POC)]);
    let bytes = sketch.to_bytes();
    assert_eq!(Sketch::from_bytes(&bytes), Ok(sketch));
    for cut in [0, 7, 8, 15, 20, bytes.len() - 1] {
        assert!(Sketch::from_bytes(&bytes[..cut]).is_err());
    }
    let mut huge = bytes[..8].to_vec();
    huge.extend([0xff; 8]);
    assert!(matches!(
        Sketch::from_bytes(&huge),
        Err(find::SketchError::TooLarge { .. })
    ));
}
