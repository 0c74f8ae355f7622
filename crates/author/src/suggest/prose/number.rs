//! Numbers and dates, written with digits or with words.

use super::Found;
use super::near::{Here, NUMBER_WORDS, number_word};
use super::rule::why;
use super::words::Kind;
use crate::suggest::{Class, Strength};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A number or a date that begins here.
pub(super) fn find(source: &str, here: &Here<'_>) -> Option<Found> {
    let (len, give) = date(source, here)
        .or_else(|| spelled(here))
        .or_else(|| million(here))?;
    Some(Found {
        len,
        give: vec![give],
        class: Class::Number,
        strength: Strength::Robust,
        why: why(Class::Number).to_owned(),
    })
}

/// `two weeks` and `2 weeks`: before what is counted, and with no other number near.
fn spelled(here: &Here<'_>) -> Option<(usize, String)> {
    let token = here.tokens.get(here.at)?;
    let other = |word: &str| match token.kind {
        Kind::Word => number_word(word).map(|n| n.to_string()),
        Kind::Number => NUMBER_WORDS
            .iter()
            .find(|(n, _)| n.to_string() == word)
            .map(|(_, name)| (*name).to_owned()),
        _ => None,
    };
    let give = other(&token.lower)?;
    let number: u32 = number_word(&token.lower).or_else(|| token.lower.parse().ok())?;
    let is_unit = here.next(&[
        "seconds", "minutes", "hours", "days", "weeks", "months", "years", "times", "percent",
    ]);
    let is_counted = here.next(&["PLURAL"]) && (3..=12).contains(&number);
    let is_alone =
        !here.before_within(6, &["NUM"]) && !here.after_within(7, &["NUM", "tenths", "thirds"]);
    let is_fixed = here.starts()
        || here.prev(&[
            "the", "these", "those", "last", "first", "next", "other", "to", "or", "and", "-",
            "version", "all", "section", "chapter", "step", "CODE", "NAME",
        ]) && !(is_unit && here.prev(&["the", "last", "first", "next"]))
        || number < 2;
    ((is_unit || is_counted) && is_alone && !is_fixed).then_some((1, give))
}

/// `2.4 million` and `2,400,000`.
fn million(here: &Here<'_>) -> Option<(usize, String)> {
    let token = here
        .tokens
        .get(here.at)
        .filter(|t| t.kind == Kind::Number)?;
    if !here.next(&["million"]) || here.prev(&["$", "€"]) {
        return None;
    }
    let (whole, part) = token.lower.split_once('.').unwrap_or((&token.lower, ""));
    if whole.len() > 3
        || part.len() > 3
        || !(whole.to_owned() + part)
            .bytes()
            .all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let number: u64 = format!("{whole}{part:0<6}").parse().ok()?;
    let text = number.to_string();
    let head = text.len() - 6;
    Some((
        2,
        format!(
            "{},{},{}",
            &text[..head],
            &text[head..head + 3],
            &text[head + 3..]
        ),
    ))
}

/// `3 September` and `September 3`, with the year where a comma may follow it.
fn date(source: &str, here: &Here<'_>) -> Option<(usize, String)> {
    let text = |n: usize| {
        here.tokens
            .get(here.at + n)
            .and_then(|t| source.get(t.start..t.end))
    };
    let is_day =
        |t: &str| t.parse::<u32>().is_ok_and(|d| (1..=31).contains(&d)) && !t.starts_with('0');
    let is_year =
        |t: &str| t.len() == 4 && t.parse::<u32>().is_ok_and(|y| (1900..2200).contains(&y));
    let (first, second) = (text(0)?, text(1)?);
    if is_day(first) && MONTHS.contains(&second) {
        return match text(2).filter(|t| is_year(t)) {
            // `September 3, 2026` needs a comma after it, unless other punctuation follows.
            Some(year) => here
                .next_n(3, &["END"])
                .then(|| (3, format!("{second} {first}, {year}"))),
            None => (!here.prev(&["DIGITS", "-", "and", "to"]) && !here.next_n(2, &["-", "CODE"]))
                .then(|| (2, format!("{second} {first}"))),
        };
    }
    if MONTHS.contains(&first) && is_day(second) {
        let year = text(3).filter(|t| is_year(t) && text(2) == Some(","));
        return match year {
            Some(year) => here
                .next_n(4, &["END"])
                .then(|| {
                    // The comma after the year goes with this order of the date.
                    let comma = here.next_n(4, &[","]);
                    (4, format!("{second} {first} {year}"), comma)
                })
                .filter(|(_, _, comma)| !comma)
                .map(|(len, give, _)| (len, give)),
            None => (!here.next_n(2, &[",", "-", "–", "and", "to", "CODE"]))
                .then(|| (2, format!("{second} {first}"))),
        };
    }
    None
}
