//! The text as a reader of the first copy sees it, with quiet underlines where copies differ.

use carriers::{Master, Piece, Site};
use maud::{Markup, html};

use crate::web::parts::{count, table};

/// Marks that are listed below the text.
const LISTED_MAX: usize = 300;

/// The view.
pub fn draw(master: &Master, source: &str) -> Markup {
    let pieces = master.pieces();
    let class = if master.format().is_prose() {
        "master prose"
    } else {
        "master code"
    };
    html! {
        @if pieces.is_empty() {
            p { "This master is a capture or no text; its marks are listed below." }
        } @else {
            p class="fine" { "Underlined words differ from copy to copy. The list below the text has all their values." }
            div class=(class) tabindex="0" role="region" aria-label="The text with its marks" { (shown(&pieces, master, source)) }
        }
        (list(master.sites()))
    }
}

fn shown(pieces: &[Piece<'_>], master: &Master, source: &str) -> Markup {
    html! {
        @for piece in pieces {
            @match piece {
                Piece::Text(text) => (text),
                Piece::Choice { site, wordings, .. } => {
                    @let first = wordings.first().map_or("", String::as_str);
                    @let label = label(master, *site);
                    @if first.trim().is_empty() {
                        (first) span class="mark nothing" title=(label) { "‸" }
                    } @else {
                        span class="mark" title=(label) { (first) }
                    }
                }
                Piece::Value { site, mark } => {
                    span class="mark" title=(label(master, *site)) { (value(master, source, *mark)) }
                }
                Piece::Shuffle { site, items, between } => {
                    @let label = label(master, *site);
                    @for (place, item) in items.iter().enumerate() {
                        span class="mark item" title={ "changes places: " (label) } { (shown(item, master, source)) }
                        @if let Some(gap) = between.get(place) { (shown(gap, master, source)) }
                    }
                }
            }
        }
    }
}

fn label(master: &Master, site: usize) -> String {
    let site = master.sites().get(site);
    site.map_or_else(String::new, wordings)
}

/// A value as the author wrote it, without what declares it.
fn value<'a>(master: &Master, source: &'a str, mark: usize) -> &'a str {
    let span = master.marks().get(mark);
    let text = span.and_then(|span| source.get(span.start..span.end));
    let text = text.unwrap_or_default();
    let inner = text
        .strip_prefix("{~")
        .and_then(|rest| rest.strip_suffix("~}"))
        .and_then(|rest| rest.split_once(':'));
    inner.map_or(text, |(_, value)| value)
}

/// The values of a site, for people.
fn wordings(site: &Site) -> String {
    let shown: Vec<&str> = site
        .choices
        .iter()
        .map(|wording| match wording.trim() {
            "" => "(nothing)",
            wording => wording,
        })
        .collect();
    match shown.is_empty() {
        true => format!("{} ({} values)", site.label, site.values),
        false => shown.join(" | "),
    }
}

fn list(sites: &[Site]) -> Markup {
    let rows: Vec<_> = sites
        .iter()
        .take(LISTED_MAX)
        .map(|site| {
            vec![
                html! { (site.line) ":" (site.column) },
                html! { (wordings(site)) },
                html! { (site.carrier) },
                html! { (format!("{:.1}", (site.values.max(1) as f64).log2())) },
            ]
        })
        .collect();
    let more = sites.len().saturating_sub(LISTED_MAX);
    html! {
        @if sites.is_empty() {
            p { strong { "No marks yet: every copy would be the same, and no leak could name anybody." } }
        } @else {
            details {
                summary { "All " (count(sites.len(), "mark")) }
                (table("Marks", &["Line and column", "Values", "Carrier", "Bits at most"], &rows))
                @if more > 0 { p class="fine" { "And " (more) " more." } }
            }
        }
    }
}
