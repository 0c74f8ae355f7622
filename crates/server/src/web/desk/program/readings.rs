//! The readings over the masters: each mark with what the leak shows there, and whether a named copy has it.

use carriers::{Piece, SiteReading};
use desk::{Examined, ExaminedMaster, ShownCopy};
use fingerprint::Reading;
use flow::trace::ArtifactReadings;
use maud::{Markup, html};

use crate::web::parts::{count, table};

/// Largest master that is shown as a text; of a larger one the table must do.
const TEXT_BYTES_MAX: usize = 256 << 10;
/// Sites that one table lists.
const LISTED_MAX: usize = 400;

/// Lines that are shown around one with a reading.
const NEAR_LINES: usize = 2;

/// What the leak says of one site.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    /// Nothing.
    Erased,
    /// One of several values.
    Doubt,
    /// One value.
    Read,
}

/// Whether the copies that are shown have what was read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    /// Nobody is named, or the named one got no copy of this master.
    Unknown,
    /// Yes.
    Has,
    /// Another value.
    Differs,
}

/// One master's readings.
struct View<'a> {
    own: &'a ExaminedMaster,
    readings: &'a ArtifactReadings,
    /// For each copy that is named: the values at each site of this master.
    named: Vec<(&'a ShownCopy, &'a [Vec<u64>])>,
}

/// All masters, those with readings open.
pub fn draw(examined: &Examined) -> Markup {
    let accused = examined.verdict.accused.len();
    html! {
        (legend(accused > 0))
        @for (index, (own, readings)) in examined.masters.iter().zip(&examined.verdict.readings.artifacts).enumerate() {
            @let view = View {
                own,
                readings,
                named: examined
                    .shown
                    .iter()
                    .take(accused)
                    .filter_map(|copy| Some((copy, copy.values.get(index)?.as_slice())))
                    .collect(),
            };
            (view.draw())
        }
    }
}

fn legend(has_named: bool) -> Markup {
    html! {
        p class="legend" {
            @if has_named {
                span class="site has" { "✓ read, the named copy has it" } " "
                span class="site differs" { "≠ read, the named copy has another value" } " "
            } @else {
                span class="site read" { "● read" } " "
            }
            span class="site doubt" { "? one of several values" } " "
            span class="site erased" { "· not read" }
        }
    }
}

impl View<'_> {
    fn draw(&self) -> Markup {
        let (read, total) = (self.readings.read(), self.readings.sites.len());
        html! {
            details class="readings" open[read > 0] {
                summary {
                    strong { (self.own.master.file_name()) } " (" (self.own.artifact) "): "
                    (read) " of " (count(total, "mark")) " read"
                }
                @if self.is_text() {
                    (self.text())
                } @else if read > 0 {
                    p class="fine" { "This master is shown as a table: it is no text, or a long one." }
                }
                @if read > 0 { (self.table()) }
            }
        }
    }

    fn is_text(&self) -> bool {
        self.own.source.len() <= TEXT_BYTES_MAX && !self.own.master.pieces().is_empty()
    }

    /// The master's lines: around each reading those that stand near it, and all of them below.
    fn text(&self) -> Markup {
        let mut lines = vec![Line::default()];
        self.lay_out(&self.own.master.pieces(), &mut lines);
        let near = near(&lines);
        let is_whole = near.iter().all(|is_near| *is_near);
        html! {
            @if near.contains(&true) {
                pre class="master" tabindex="0" role="region" aria-label={ (self.own.master.file_name()) ", around the readings" } {
                    (excerpt(&lines, &near))
                }
            }
            @if !is_whole {
                details {
                    summary { "The whole master" }
                    pre class="master" tabindex="0" role="region" aria-label={ (self.own.master.file_name()) ", whole" } {
                        (excerpt(&lines, &vec![true; lines.len()]))
                    }
                }
            }
        }
    }

    fn lay_out(&self, pieces: &[Piece<'_>], lines: &mut Vec<Line>) {
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    for (index, part) in text.split('\n').enumerate() {
                        if index > 0 {
                            lines.push(Line::default());
                        }
                        add(lines, html! { (part) }, false);
                    }
                }
                Piece::Choice { site, wordings, .. } => {
                    let shown = self.wording(*site, wordings);
                    self.add_site(lines, *site, &shown);
                }
                Piece::Value { site, mark } => {
                    let shown = self.value(*site, *mark);
                    self.add_site(lines, *site, &shown);
                }
                Piece::Shuffle {
                    site,
                    items,
                    between,
                } => {
                    self.add_site(lines, *site, "order of these");
                    add(lines, html! { " " }, false);
                    for (place, item) in items.iter().enumerate() {
                        self.lay_out(item, lines);
                        if let Some(gap) = between.get(place) {
                            self.lay_out(gap, lines);
                        }
                    }
                }
            }
        }
    }

    fn add_site(&self, lines: &mut [Line], site: usize, shown: &str) {
        let is_read = self.said(site) != Said::Erased;
        add(lines, self.site(site, shown), is_read);
    }

    /// The wording that was read, or the author's own.
    fn wording(&self, site: usize, wordings: &[String]) -> String {
        let read = self.readings.sites.get(site).and_then(only_value);
        let place = read
            .and_then(|value| usize::try_from(value).ok())
            .unwrap_or(0);
        let wording = wordings.get(place).or(wordings.first());
        wording.cloned().unwrap_or_default()
    }

    /// The value that was read, or the author's own.
    fn value(&self, site: usize, mark: usize) -> String {
        let seen = self
            .readings
            .sites
            .get(site)
            .and_then(|reading| reading.seen.clone());
        seen.unwrap_or_else(|| {
            let span = self.own.master.marks().get(mark);
            let bytes = span.and_then(|span| self.own.source.get(span.start..span.end));
            String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
        })
    }

    fn site(&self, site: usize, shown: &str) -> Markup {
        let (class, mark) = self.look(site);
        html! {
            span class={ "site " (class) } { sup { (site + 1) (mark) } (shown) }
        }
    }

    /// Class and mark of a site.
    fn look(&self, site: usize) -> (&'static str, &'static str) {
        match (self.said(site), self.matches(site)) {
            (Said::Erased, _) => ("erased", "·"),
            (_, Match::Differs) => ("differs", "≠"),
            (Said::Doubt, _) => ("doubt", "?"),
            (Said::Read, Match::Has) => ("has", "✓"),
            (Said::Read, Match::Unknown) => ("read", "●"),
        }
    }

    fn said(&self, site: usize) -> Said {
        match self.readings.sites.get(site) {
            None => Said::Erased,
            Some(own) => match (&own.reading, values(own).len()) {
                (Reading::Erased, _) | (_, 0) => Said::Erased,
                (_, 1) => Said::Read,
                _ => Said::Doubt,
            },
        }
    }

    /// Whether any named copy has what was read.
    fn matches(&self, site: usize) -> Match {
        let mut found = Match::Unknown;
        for (_, own) in &self.named {
            match self.matches_one(site, own) {
                Match::Has => return Match::Has,
                Match::Differs => found = Match::Differs,
                Match::Unknown => {}
            }
        }
        found
    }

    fn matches_one(&self, site: usize, own: &[Vec<u64>]) -> Match {
        let (Some(reading), Some(own)) = (self.readings.sites.get(site), own.get(site)) else {
            return Match::Unknown;
        };
        let read = values(reading);
        if own.is_empty() || read.is_empty() {
            return Match::Unknown;
        }
        match own.iter().any(|value| read.contains(value)) {
            true => Match::Has,
            false => Match::Differs,
        }
    }

    fn table(&self) -> Markup {
        let names: Vec<String> = self.named.iter().map(|(copy, _)| who(copy)).collect();
        let mut columns = vec!["Mark", "Line", "What carries it", "Read"];
        columns.extend(names.iter().map(String::as_str));
        let read = |site: &usize| self.said(*site) != Said::Erased;
        let sites: Vec<usize> = (0..self.readings.sites.len()).filter(read).collect();
        let rows: Vec<_> = sites
            .iter()
            .take(LISTED_MAX)
            .map(|site| self.row(*site))
            .collect();
        html! {
            details {
                summary { "The marks that were read, as a table" }
                (table("Marks that were read", &columns, &rows))
                @if sites.len() > LISTED_MAX { p class="fine" { "And " (sites.len() - LISTED_MAX) " more." } }
            }
        }
    }

    fn row(&self, site: usize) -> Vec<Markup> {
        let place = self.own.master.sites().get(site);
        let reading = self.readings.sites.get(site);
        let mut row = vec![
            html! { (site + 1) },
            html! { @if let Some(place) = place { (place.line) } },
            html! { @if let Some(place) = place { (place.carrier.to_string()) ": " (place.label) } },
            html! {
                @if let Some(seen) = reading.and_then(|own| own.seen.as_ref()) { code { (seen) } }
                @if self.said(site) == Said::Doubt { " (one of several)" }
            },
        ];
        for (_, own) in &self.named {
            row.push(html! {
                @match self.matches_one(site, own) {
                    Match::Has => "✓ has it",
                    Match::Differs => "≠ another value",
                    Match::Unknown => "no copy of this",
                }
            });
        }
        row
    }
}

/// One line of a master.
#[derive(Default)]
struct Line {
    shown: Vec<Markup>,
    is_read: bool,
}

fn add(lines: &mut [Line], shown: Markup, is_read: bool) {
    if let Some(line) = lines.last_mut() {
        line.shown.push(shown);
        line.is_read |= is_read;
    }
}

/// Which lines stand near a reading.
fn near(lines: &[Line]) -> Vec<bool> {
    let is_read = |at: usize| lines.get(at).is_some_and(|line| line.is_read);
    (0..lines.len())
        .map(|at| (at.saturating_sub(NEAR_LINES)..=at + NEAR_LINES).any(is_read))
        .collect()
}

/// These lines; for each stretch between them how long it is.
fn excerpt(lines: &[Line], shown: &[bool]) -> Markup {
    let mut skipped = 0;
    let mut out = Vec::new();
    for (line, is_shown) in lines.iter().zip(shown.iter().copied()) {
        if !is_shown {
            skipped += 1;
            continue;
        }
        out.push(gap(std::mem::take(&mut skipped)));
        out.push(html! { @for part in &line.shown { (part) } "\n" });
    }
    out.push(gap(skipped));
    html! { @for part in out { (part) } }
}

fn gap(lines: usize) -> Markup {
    html! { @if lines > 0 { span class="gap" { "⋯ " (count(lines, "line")) " without a reading\n" } } }
}

/// The name of a copy for a column.
fn who(copy: &ShownCopy) -> String {
    match &copy.candidate.seat {
        Some(seat) => format!("Copy of {seat}"),
        None => format!("A copy of {}", copy.candidate.partner),
    }
}

fn values(own: &SiteReading) -> Vec<u64> {
    match &own.reading {
        Reading::Erased => Vec::new(),
        Reading::Values { values, .. } => values.clone(),
        Reading::Soft { weights, .. } => weights.iter().map(|(value, _)| *value).collect(),
    }
}

fn only_value(own: &SiteReading) -> Option<u64> {
    match values(own).as_slice() {
        [value] => Some(*value),
        _ => None,
    }
}
