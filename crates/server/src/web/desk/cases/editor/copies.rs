//! Two random copies side by side, with what differs between them marked.

use carriers::Master;
use maud::{Markup, html};

use crate::Problem;
use crate::web::parts::count;

/// Words within which two copies are looked for the place where they agree again.
const WINDOW: usize = 160;
/// Words that must agree there.
const AGREE: usize = 3;

/// The view. The copies are drawn anew for every visit, and are no seat's.
pub fn draw(master: &Master) -> Result<Markup, Problem> {
    if master.sites().is_empty() {
        return Ok(html! { p { "There is no mark yet, so all copies are the same." } });
    }
    let (left, right) = (copy(master)?, copy(master)?);
    let (Ok(left), Ok(right)) = (String::from_utf8(left), String::from_utf8(right)) else {
        return Ok(html! { p { "Copies of this master are no text." } });
    };
    let (left, right) = (words(&left), words(&right));
    let parts = compare(&left, &right);
    let differing = parts.iter().filter(|part| !part.is_same).count();
    let class = if master.format().is_prose() {
        "prose"
    } else {
        "code"
    };
    let side = |words: &[&str], of: fn(&Part) -> (usize, usize)| {
        html! {
            @for part in &parts {
                @let (from, to) = of(part);
                @let text = words.get(from..to).unwrap_or_default().concat();
                @if part.is_same { (text) } @else { mark { (text) } }
            }
        }
    };
    Ok(html! {
        p { "Two copies with random values, drawn for this visit; no seat gets exactly these. They differ in "
            (count(differing, "place")) ". " a href="?view=copies" { "Draw two others" } }
        div class="copies" {
            section aria-label="One copy" { h2 { "One copy" } div class={ "master " (class) } tabindex="0" { (side(&left, |part| part.left)) } }
            section aria-label="Another copy" { h2 { "Another copy" } div class={ "master " (class) } tabindex="0" { (side(&right, |part| part.right)) } }
        }
    })
}

/// A copy with random values.
fn copy(master: &Master) -> Result<Vec<u8>, Problem> {
    let mut symbols = Vec::with_capacity(master.sites().len());
    for site in master.sites() {
        let random = getrandom::u64().map_err(|_| Problem::machine("no randomness"))?;
        symbols.push(random % site.values.max(1));
    }
    master
        .embed(&symbols)
        .map_err(|error| Problem::machine(error.to_string()))
}

/// Words with the blanks behind them.
fn words(text: &str) -> Vec<&str> {
    text.split_inclusive(char::is_whitespace).collect()
}

/// A stretch of both texts, by words: the same in both, or not.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    is_same: bool,
    left: (usize, usize),
    right: (usize, usize),
}

/// Where two texts agree, and where not. Linear but for the places that differ, each of which looks at most
/// [`WINDOW`] words ahead on both sides.
fn compare(left: &[&str], right: &[&str]) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut l, mut r) = (0, 0);
    while l < left.len() || r < right.len() {
        let same = left[l..]
            .iter()
            .zip(&right[r..])
            .take_while(|(a, b)| a == b)
            .count();
        if same > 0 {
            parts.push(Part {
                is_same: true,
                left: (l, l + same),
                right: (r, r + same),
            });
            (l, r) = (l + same, r + same);
            continue;
        }
        let (skip_left, skip_right) = next_agreement(&left[l..], &right[r..]);
        parts.push(Part {
            is_same: false,
            left: (l, l + skip_left),
            right: (r, r + skip_right),
        });
        (l, r) = (l + skip_left, r + skip_right);
    }
    parts
}

/// How many words of each side come before they agree again; all of them when that is not near.
fn next_agreement(left: &[&str], right: &[&str]) -> (usize, usize) {
    for both in 1..=2 * WINDOW {
        for skip_left in both.saturating_sub(WINDOW)..=both.min(WINDOW) {
            let skip_right = both - skip_left;
            if skip_left > left.len() || skip_right > right.len() {
                continue;
            }
            let (a, b) = (&left[skip_left..], &right[skip_right..]);
            let agree = a.iter().zip(b).take_while(|(a, b)| a == b).count();
            let is_end = a.len() == agree && b.len() == agree;
            if agree >= AGREE || is_end {
                return (skip_left, skip_right);
            }
        }
    }
    (left.len(), right.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(left: &str, right: &str) -> Vec<(bool, String, String)> {
        let (left, right) = (words(left), words(right));
        let parts = compare(&left, &right);
        let text = |words: &[&str], (from, to): (usize, usize)| words[from..to].concat();
        parts
            .iter()
            .map(|part| {
                (
                    part.is_same,
                    text(&left, part.left),
                    text(&right, part.right),
                )
            })
            .collect()
    }

    #[test]
    fn two_copies_are_whole_and_only_what_differs_is_marked() {
        let left = "The flaw lets anybody read files via the proxy of the share.\nUpdate now.\n";
        let right = "The flaw lets anybody read files through the proxy of a share.\nUpdate now.\n";
        let parts = told(left, right);
        let differing: Vec<_> = parts.iter().filter(|(same, ..)| !same).collect();
        assert_eq!(differing.len(), 2);
        assert_eq!(differing[0].1, "via ");
        assert_eq!(differing[0].2, "through ");
        let whole: String = parts.iter().map(|(_, left, _)| left.as_str()).collect();
        assert_eq!(whole, left);
        let whole: String = parts.iter().map(|(.., right)| right.as_str()).collect();
        assert_eq!(whole, right);
    }

    #[test]
    fn texts_that_never_agree_again_are_one_difference() {
        let left: String = (0..400).map(|n| format!("a{n} ")).collect();
        let right: String = (0..10).map(|n| format!("b{n} ")).collect();
        assert_eq!(told(&left, &right).len(), 1);
        assert!(told("", "").is_empty());
    }
}
