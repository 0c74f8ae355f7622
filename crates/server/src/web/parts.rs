//! Parts of pages that cannot be called wrongly: fields with labels, times in one form, danger with its grade.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, PreEscaped, html};

/// The one way to show a time: `2026-12-08 18:00 UTC · Tue 8 Dec 19:00 CET`.
pub fn when(at: Timestamp, zone: &TimeZone) -> Markup {
    // On a narrow page it breaks between the two, and nowhere else.
    let text = when_text(at, zone);
    html! {
        time datetime=(at.to_string()) {
            @for (index, part) in text.split(" · ").enumerate() {
                @if index > 0 { " · " }
                span class="keep" { (part) }
            }
        }
    }
}

/// As [`when`], without markup.
pub fn when_text(at: Timestamp, zone: &TimeZone) -> String {
    let utc = at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    if *zone == TimeZone::UTC {
        return utc;
    }
    let local = at.to_zoned(zone.clone());
    format!("{utc} · {}", local.strftime("%a %-d %b %H:%M %Z"))
}

/// How far away a moment is, in words: `in 3 days`, `2 h ago`.
pub fn distance(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs();
    let size = seconds.unsigned_abs();
    let words = match size {
        0..60 => return "now".to_owned(),
        60..3_600 => format!("{} min", size / 60),
        3_600..172_800 => format!("{} h", size / 3_600),
        _ => format!("{} days", size / 86_400),
    };
    if seconds > 0 {
        format!("in {words}")
    } else {
        format!("{words} ago")
    }
}

/// A sentence of an error: a capital letter first, a full stop last, code between backticks marked as such.
pub fn sentence(text: &str) -> Markup {
    let mut text = text.to_owned();
    if let Some(first) = text.get(0..1) {
        let upper = first.to_uppercase();
        text.replace_range(0..1, &upper);
    }
    if !text.ends_with(['.', '?', '!', ':']) {
        text.push('.');
    }
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// One field of a form: label, hint and error belong to it for everybody, also for who does not see them.
pub struct Field<'a> {
    /// The name that is sent.
    pub name: &'a str,
    /// Its label.
    pub label: &'a str,
    /// What helps to fill it.
    pub hint: Option<&'a str>,
    /// What is wrong with what was sent.
    pub error: Option<&'a str>,
}

impl<'a> Field<'a> {
    /// A field with a label.
    pub fn new(name: &'a str, label: &'a str) -> Self {
        Self {
            name,
            label,
            hint: None,
            error: None,
        }
    }

    /// With a hint.
    #[must_use]
    pub fn hint(self, hint: &'a str) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }

    /// With an error, if there is one.
    #[must_use]
    pub fn error(self, error: Option<&'a str>) -> Self {
        Self { error, ..self }
    }

    fn around(&self, input: Markup) -> Markup {
        html! {
            div class={ "field" @if self.error.is_some() { " wrong" } } {
                label for=(self.name) { (self.label) }
                @if let Some(hint) = self.hint { p class="hint" id={ (self.name) "-hint" } { (hint) } }
                @if let Some(error) = self.error {
                    p class="error" id={ (self.name) "-error" } { (sentence(error)) }
                }
                (input)
            }
        }
    }

    fn described_by(&self) -> Option<String> {
        let hint = self.hint.map(|_| format!("{}-hint", self.name));
        let error = self.error.map(|_| format!("{}-error", self.name));
        let ids: Vec<String> = hint.into_iter().chain(error).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    /// One line of text.
    pub fn text(&self, value: &str) -> Markup {
        self.input("text", value, true)
    }

    /// One line of another kind: `email`, `password`, `date`, `number`, …
    pub fn input(&self, kind: &str, value: &str, is_required: bool) -> Markup {
        self.around(html! {
            input type=(kind) id=(self.name) name=(self.name) value=(value) required[is_required]
                aria-describedby=[self.described_by()] aria-invalid=[self.error.map(|_| "true")];
        })
    }

    /// One line of text with suggestions from a `datalist`.
    pub fn list(&self, list: &str, value: &str) -> Markup {
        self.around(html! {
            input type="text" id=(self.name) name=(self.name) value=(value) list=(list) required
                aria-describedby=[self.described_by()] aria-invalid=[self.error.map(|_| "true")];
        })
    }

    /// Many lines of text.
    pub fn area(&self, value: &str, rows: u32) -> Markup {
        self.around(html! {
            textarea id=(self.name) name=(self.name) rows=(rows) aria-describedby=[self.described_by()]
                aria-invalid=[self.error.map(|_| "true")] { (value) }
        })
    }

    /// A file.
    pub fn file(&self, is_required: bool, many: bool) -> Markup {
        self.around(html! {
            input type="file" id=(self.name) name=(self.name) required[is_required] multiple[many]
                aria-describedby=[self.described_by()];
        })
    }

    /// One of several; each is a value and its words.
    pub fn choice(&self, options: &[(&str, &str)], chosen: &str) -> Markup {
        self.around(html! {
            select id=(self.name) name=(self.name) aria-describedby=[self.described_by()] {
                @for (value, words) in options {
                    option value=(value) selected[*value == chosen] { (words) }
                }
            }
        })
    }
}

/// What was wrong with a form, at its top, with links to the fields.
pub fn error_summary(errors: &[(&str, String)]) -> Markup {
    html! {
        @if !errors.is_empty() {
            div class="notice bad" role="alert" tabindex="-1" {
                h2 { "Please check" }
                ul { @for (field, error) in errors { li { a href={ "#" (field) } { (sentence(error)) } } } }
            }
        }
    }
}

/// Names and values.
pub fn facts(rows: &[(&str, Markup)]) -> Markup {
    html! {
        dl class="facts" {
            @for (name, value) in rows { div { dt { (name) } dd { (value) } } }
        }
    }
}

/// A table whose rows stack as cards on a phone: each cell carries its column's name.
pub fn table(caption: &str, columns: &[&str], rows: &[Vec<Markup>]) -> Markup {
    html! {
        table class="stack" {
            caption { (caption) }
            thead { tr { @for column in columns { th scope="col" { (column) } } } }
            tbody {
                @for row in rows {
                    tr {
                        @for (index, cell) in row.iter().enumerate() {
                            @let name = columns.get(index).copied().unwrap_or_default();
                            @if index == 0 {
                                th scope="row" data-column=(name) { (cell) }
                            } @else {
                                td data-column=(name) { (cell) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What stands where there is nothing yet: why, and the next step.
pub fn empty(text: &str, next: Markup) -> Markup {
    html! { div class="empty" { p { (text) } (next) } }
}

/// The state of something: a word with a mark, so that colour never carries it alone. `tone`: `good`, `bad`, `wait`, `calm`.
pub fn state(tone: &str, word: &str) -> Markup {
    let mark = match tone {
        "good" => "✓",
        "bad" => "✗",
        "wait" => "…",
        _ => "·",
    };
    html! { span class={ "state " (tone) } { span aria-hidden="true" { (mark) " " } (word) } }
}

/// The page before something that cannot be undone: what will happen, in rows, and one button that says so.
pub struct CheckAnswers<'a> {
    /// Where it is sent.
    pub action: &'a str,
    /// What will happen, such as `38 partners, 112 people; cannot be recalled`.
    pub consequence: &'a str,
    /// What was answered.
    pub rows: &'a [(&'a str, Markup)],
    /// What is sent again.
    pub hidden: &'a [(&'a str, String)],
    /// Further fields, such as the typed case id.
    pub fields: Markup,
    /// What the button says.
    pub button: &'a str,
    /// Where back goes.
    pub back: &'a str,
}

impl CheckAnswers<'_> {
    /// Draws it.
    pub fn draw(&self) -> Markup {
        html! {
            div class="notice wait" role="note" { p { (self.consequence) } }
            (facts(self.rows))
            form method="post" action=(self.action) {
                @for (name, value) in self.hidden { input type="hidden" name=(name) value=(value); }
                (self.fields)
                p class="buttons" {
                    button type="submit" class="danger" { (self.button) }
                    a href=(self.back) { "Back, change nothing" }
                }
            }
        }
    }
}

/// A picture with a name, a description, and the same figures as a table beside it.
pub fn chart(title: &str, description: &str, svg: Markup, figures: Markup) -> Markup {
    html! {
        figure class="chart" {
            figcaption { (title) }
            (svg)
            details { summary { "The same figures as a table" } p { (description) } (figures) }
        }
    }
}

/// The beginning of a picture: role, name and description for who does not see it.
pub fn svg(
    id: &str,
    title: &str,
    description: &str,
    width: u32,
    height: u32,
    content: Markup,
) -> Markup {
    html! {
        svg role="img" viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height)
            aria-labelledby={ (id) "-t " (id) "-d" } {
            title id={ (id) "-t" } { (title) }
            desc id={ (id) "-d" } { (description) }
            (content)
        }
    }
}

/// Bytes as people read them.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// A small chance in words: `one in 3,200,000`.
pub fn one_in(chance: f64) -> String {
    if chance.is_nan() || chance <= 0.0 {
        return "less than can be computed".to_owned();
    }
    let times = 1.0 / chance;
    if times < 2.0 {
        return "no evidence at all".to_owned();
    }
    if times >= 1e15 {
        return format!("one in {times:.0e}");
    }
    // Two digits say enough of a chance.
    let scale = 10f64.powf(times.log10().floor() - 1.0).max(1.0);
    let rounded = (times / scale).round() * scale;
    format!("one in {}", grouped(rounded as u64))
}

/// A number with its digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with its noun.
pub fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// Nothing.
pub fn nothing() -> Markup {
    PreEscaped(String::new())
}
