//! The aligner that readings come from answers what the plain one answers, cell by cell.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use carriers::{Leak, Master, plain, read};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const WRITE_UP: &str = include_str!("../vectors/larkspur/write-up.md");
const POC: &str = include_str!("../vectors/larkspur/poc.py");
const SURICATA: &str = include_str!("../vectors/larkspur/larkspur.rules");
const SIGMA: &str = include_str!("../vectors/larkspur/larkspur.yml");

fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    (rng.next_u64() % n.max(1) as u64) as usize
}

fn copy(master: &Master, rng: &mut ChaCha8Rng) -> String {
    let symbols: Vec<u64> = master
        .sites()
        .iter()
        .map(|s| rng.next_u64() % s.values)
        .collect();
    String::from_utf8(master.embed(&symbols).unwrap()).unwrap()
}

/// Words of a small vocabulary, so that everything stands at many places, with marks of every form between.
fn small_master(rng: &mut ChaCha8Rng, words: usize, vocabulary: usize) -> String {
    let word = |rng: &mut ChaCha8Rng| {
        format!(
            "{}{}",
            ["of", "preview", "render", "a", "socket"][below(rng, 5)],
            below(rng, vocabulary)
        )
    };
    let mut out = String::new();
    for place in 0..words {
        match below(rng, 14) {
            0 => out.push_str(&format!("{{~{}|{}~}} ", word(rng), word(rng) + "x")),
            1 => out.push_str("{~|really ~}{~|very ~}"),
            2 => out.push_str(&format!(
                "{{~one {} two|{} three|~}} ",
                word(rng),
                word(rng)
            )),
            3 => out.push_str(&format!(
                "{{~@l{place} cat|dog|bird~}}s {{~@l{place} cat|dog|bird~}} "
            )),
            4 => out.push_str(", "),
            5 => out.push_str("[the place](https://larkspur.example/a/b) "),
            6 => out.push_str(". \n\n"),
            _ => out.push_str(&(word(rng) + " ")),
        }
    }
    out
}

/// Words left out, put in, exchanged, moved; parts twice.
fn bend(text: &str, rng: &mut ChaCha8Rng) -> String {
    let words: Vec<&str> = text.split_inclusive([' ', '\n']).collect();
    let mut out = Vec::new();
    let noise = [0, 3, 8, 20][below(rng, 4)];
    for _ in 0..1 + below(rng, 3) {
        let from = below(rng, words.len());
        let to = (from + 1 + below(rng, 400)).min(words.len());
        for word in &words[from..to] {
            if below(rng, 100) < noise {
                match below(rng, 3) {
                    0 => continue,
                    1 => out.push(words[below(rng, words.len())]),
                    _ => out.push("other "),
                }
            }
            out.push(word);
        }
    }
    out.concat()
}

/// Answers how many sites were read.
fn check(name: &str, source: &str, seed: u64) -> usize {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let Ok(master) = Master::parse(name, source.as_bytes()) else {
        return 0;
    };
    let text = copy(&master, &mut rng);
    let leak = Leak::parse("x.txt", bend(&text, &mut rng).as_bytes()).unwrap();
    let readings = read(&master, &leak);
    assert_eq!(readings, plain::read(&master, &leak), "{name}, seed {seed}");
    readings.iter().filter(|r| r.seen.is_some()).count()
}

#[test]
fn real_masters_are_read_as_the_plain_aligner_reads_them() {
    let mut seen = 0;
    for seed in 0..12 {
        seen += check("write-up.md", WRITE_UP, seed);
        seen += check("poc.py", POC, seed);
        seen += check("larkspur.rules", SURICATA, seed);
        seen += check("larkspur.yml", SIGMA, seed);
    }
    assert!(seen > 200, "{seen}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn masters_of_few_words_are_read_as_the_plain_aligner_reads_them(seed in any::<u64>(), words in 5usize..250, vocabulary in 1usize..60) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let source = small_master(&mut rng, words, vocabulary);
        check("a.md", &source, seed);
    }

    #[test]
    fn programs_of_few_words_are_read_as_the_plain_aligner_reads_them(seed in any::<u64>(), lines in 3usize..60) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut source = String::from("#~ name buf: out_buf|staging\nbuf = open()\n");
        for line in 0..lines {
            source += &match below(&mut rng, 6) {
                0 => format!("v{} = {}  #~ int 10..99\n", below(&mut rng, 4), 10 + below(&mut rng, 90)),
                1 => format!("token{line} = \"{:08x}\"  #~ nonce hex 8\n", rng.next_u64() as u32),
                2 => format!("buf.send(v{}, buf)\n", below(&mut rng, 4)),
                3 => "#~ shuffle\na = 1\nb = 2\nc = 3\n#~ end\n".to_owned(),
                _ => format!("print(v{}, \"the preview {}\")\n", below(&mut rng, 4), below(&mut rng, 9)),
            };
        }
        check("a.py", &source, seed);
    }
}
