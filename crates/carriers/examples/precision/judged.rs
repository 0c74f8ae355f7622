//! The judgements, and how many of the drawn suggestions are right.

use std::collections::BTreeMap;
use std::path::Path;

use author::suggest::Class;

use crate::sample::Drawn;

/// Rows for the list of judgements, the verdict and its reason still empty.
pub fn rows(drawn: &[Drawn]) -> String {
    let mut out = "text,class,place,verdict,reason\n".to_owned();
    for one in drawn {
        out += &format!("{},{},{},,\n", one.text, one.class, quoted(&one.place));
    }
    out
}

fn quoted(field: &str) -> String {
    format!("\"{}\"", field.replace('"', "\"\""))
}

/// The fields of one line of CSV.
fn fields(line: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut in_quotes = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let last = out.last_mut().unwrap();
        match c {
            '"' if in_quotes && chars.peek() == Some(&'"') => {
                chars.next();
                last.push('"');
            }
            '"' => in_quotes = !in_quotes,
            ',' if !in_quotes => out.push(String::new()),
            c => last.push(c),
        }
    }
    out
}

/// Prints the table by class; the answer is the share that is right.
pub fn report(drawn: &[Drawn], list: &Path) -> f64 {
    let list = std::fs::read_to_string(list).unwrap();
    let mut verdicts: BTreeMap<(String, String, String), bool> = BTreeMap::new();
    for (number, line) in list.lines().enumerate().skip(1) {
        let row = fields(line);
        assert_eq!(row.len(), 5, "line {} of the judgements", number + 1);
        let is_right = match row[3].as_str() {
            "right" => true,
            "wrong" => false,
            other => panic!("line {}: `{other}` is no verdict", number + 1),
        };
        verdicts.insert((row[0].clone(), row[1].clone(), row[2].clone()), is_right);
    }
    let mut by_class: BTreeMap<Option<Class>, [usize; 4]> = BTreeMap::new();
    for one in drawn {
        let key = (one.text.clone(), one.class.to_string(), one.place.clone());
        let verdict = verdicts.get(&key);
        for class in [Some(one.class), None] {
            let counts = by_class.entry(class).or_default();
            counts[0] += 1;
            match verdict {
                Some(true) => counts[1] += 1,
                Some(false) => counts[2] += 1,
                None => counts[3] += 1,
            }
        }
    }
    println!(
        "{:<12} {:>6} {:>6} {:>6} {:>9} {:>9}  95 % interval",
        "class", "drawn", "right", "wrong", "unjudged", "precision"
    );
    let all = by_class.remove(&None).unwrap_or_default();
    for (class, counts) in &by_class {
        row(&class.map_or_else(String::new, |c| c.to_string()), *counts);
    }
    row("all", all);
    let right = verdicts.values().filter(|is_right| **is_right).count();
    let (low, high) = wilson(right, verdicts.len());
    println!(
        "of all {} judgements, {right} are right: {:.1} % ({:.1} to {:.1} %)\n",
        verdicts.len(),
        100.0 * right as f64 / verdicts.len().max(1) as f64,
        100.0 * low,
        100.0 * high
    );
    all[1] as f64 / all[0].max(1) as f64
}

fn row(name: &str, [drawn, right, wrong, unjudged]: [usize; 4]) {
    let (low, high) = wilson(right, drawn);
    println!(
        "{name:<12} {drawn:>6} {right:>6} {wrong:>6} {unjudged:>9} {:>7.1} %  {:.1} to {:.1} %",
        100.0 * right as f64 / drawn.max(1) as f64,
        100.0 * low,
        100.0 * high
    );
}

/// The 95 % interval of a share (Wilson 1927).
fn wilson(right: usize, of: usize) -> (f64, f64) {
    let z = 1.959_964;
    let n = of.max(1) as f64;
    let share = right as f64 / n;
    let middle = share + z * z / (2.0 * n);
    let spread = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    (
        ((middle - spread) / scale).max(0.0),
        ((middle + spread) / scale).min(1.0),
    )
}
