//! Places that could carry a mark: each accepted, changed or refused by one button.

use author::suggest::{Class, Edit, Strength, Suggestion, suggest};
use desk::DraftText;
use maud::{Markup, html};

use super::Asked;
use crate::Problem;
use crate::web::parts::{count, sentence};

/// Suggestions on one page.
const SHOWN_MAX: usize = 30;
/// Characters that are shown before and after a place.
const CONTEXT_CHARS: usize = 110;

/// The suggestions of a source, found apart from the requests of others.
///
/// # Errors
/// Marks that are wrong already.
pub async fn found(text: &DraftText) -> Result<Vec<Suggestion>, Problem> {
    let text = text.clone();
    let work =
        tokio::task::spawn_blocking(move || suggest(&text.file_name, text.source.as_bytes()));
    let found = work
        .await
        .map_err(|_| Problem::machine("the search for places broke off"))?;
    found.map_err(|error| Problem::input("suggest", error.to_string()).hint(error.hint()))
}

/// What of the suggestions is asked for.
pub fn wanted(one: &Suggestion, class: Option<&str>) -> bool {
    match class {
        None | Some("") => true,
        Some("robust") => one.strength == Strength::Robust,
        Some(class) => one.class.as_str() == class,
    }
}

/// The view.
pub async fn draw(path: &str, text: &DraftText, asked: &Asked) -> Result<Markup, Problem> {
    let all = found(text).await?;
    let class = asked.class.as_deref().filter(|class| !class.is_empty());
    let shown: Vec<&Suggestion> = all.iter().filter(|one| wanted(one, class)).collect();
    let bits: f64 = shown.iter().map(|one| one.bits()).sum();
    let more = shown.len().saturating_sub(SHOWN_MAX);
    Ok(html! {
        p {
            @if all.is_empty() { "Nothing more is suggested. Marks can also be written by hand in the source." }
            @else {
                span id="waiting" { (count(shown.len(), "suggestion")) }
                (format!("; accepting all of them gives {bits:.1} bits at most. "))
                "Read each as a partner would: it must say the same either way."
            }
        }
        @if !all.is_empty() { (filter(path, &all, class)) }
        ol class="suggestions" id="suggestions" {
            @for one in shown.iter().take(SHOWN_MAX) { (card(path, text, one, class)) }
        }
        @if more > 0 { p class="fine" { "And " (more) " more, once these are decided." } }
        @if !shown.is_empty() { (all_at_once(path, shown.len(), class)) }
    })
}

fn filter(path: &str, all: &[Suggestion], class: Option<&str>) -> Markup {
    let robust = all.iter().filter(|one| wanted(one, Some("robust"))).count();
    let entry = |word: &str, name: &str, number: usize| {
        let is_here = class == Some(word) || (word.is_empty() && class.is_none());
        html! {
            li { a href={ (path) "?view=suggest&class=" (word) } aria-current=[is_here.then_some("page")] {
                (name) " " span class="fine" { (number) }
            } }
        }
    };
    html! {
        nav aria-label="Kinds of suggestions" {
            ul class="tabs small" {
                (entry("", "All", all.len()))
                (entry("robust", "Robust", robust))
                @for class in Class::ALL {
                    @let number = all.iter().filter(|one| one.class == class).count();
                    @if number > 0 { (entry(class.as_str(), class.as_str(), number)) }
                }
            }
        }
    }
}

fn card(path: &str, text: &DraftText, one: &Suggestion, class: Option<&str>) -> Markup {
    let (before, after) = around(&text.source, one);
    let can_change = matches!(one.edit, Edit::Mark | Edit::Name { .. });
    let escaped: Vec<String> = one
        .alternatives
        .iter()
        .map(|wording| wording.replace('|', "\\|"))
        .collect();
    let wordings = escaped.join("|");
    let field = format!("wordings-{}", one.id);
    let place = format!("place-{}", one.id);
    html! {
        li class="suggestion" id={ "s-" (one.id) } {
            p class="place" {
                "Line " (one.line) ", column " (one.column) " · " (one.class) " · "
                @match one.strength { Strength::Robust => "robust", Strength::Fragile => "fragile: a converter may unify it" }
                (format!(" · {:.1} bits", one.bits()))
            }
            p class="sentence" id=(place) { (before) mark { (one.original) } (after) }
            p class="values" {
                @if one.alternatives.is_empty() { (one.values) " values" }
                @for (place, wording) in one.alternatives.iter().enumerate() {
                    @if place > 0 { " " span class="fine" { "or" } " " }
                    span class="wording" { @if wording.trim().is_empty() { "(nothing)" } @else { (wording) } }
                }
            }
            p class="fine" { (sentence(&one.why)) }
            form method="post" action={ (path) "/decide" } {
                input type="hidden" name="suggestion" value=(one.id);
                @if let Some(class) = class { input type="hidden" name="class" value=(class); }
                div class="choices" {
                    button type="submit" name="decision" value="accept" aria-describedby=(place) { "Accept" }
                    button type="submit" name="decision" value="refuse" class="quiet" aria-describedby=(place) { "Refuse" }
                    @if can_change {
                        details {
                            summary { "Change" }
                            label for=(field) { "Wordings, with | between" }
                            input type="text" id=(field) name="wordings" value=(wordings);
                            button type="submit" name="decision" value="change" { "Accept as changed" }
                        }
                    }
                }
            }
        }
    }
}

/// What stands around a place, within its line.
fn around(source: &str, one: &Suggestion) -> (String, String) {
    let before = source.get(..one.start).unwrap_or_default();
    let before = before.rsplit('\n').next().unwrap_or_default();
    let after = source.get(one.end..).unwrap_or_default();
    let after = after.split('\n').next().unwrap_or_default();
    // Cut between words, where there is one to cut at.
    let skip = before.chars().count().saturating_sub(CONTEXT_CHARS);
    let mut lead: String = before.chars().skip(skip).collect();
    if skip > 0 {
        let cut = lead.find(' ').map_or(0, |space| space + 1);
        lead.replace_range(..cut, "… ");
    }
    let mut tail: String = after.chars().take(CONTEXT_CHARS).collect();
    if tail.len() < after.len() {
        let cut = tail.rfind(' ').unwrap_or(tail.len());
        tail.truncate(cut);
        // A space that does not break: the dots stand with the last word.
        tail.push_str("\u{a0}…");
    }
    (lead, tail)
}

fn all_at_once(path: &str, number: usize, class: Option<&str>) -> Markup {
    let of = class.map(|class| format!(" of the kind {class}"));
    html! {
        details {
            summary { "All at once" }
            form method="post" action={ (path) "/decide" } {
                @if let Some(class) = class { input type="hidden" name="class" value=(class); }
                p { "Somebody should have read all " (count(number, "suggestion")) (of.unwrap_or_default()) " first." }
                p class="buttons" {
                    button type="submit" name="decision" value="accept-all" { "Accept all " (number) }
                    button type="submit" name="decision" value="refuse-all" class="quiet" { "Refuse all " (number) }
                }
            }
        }
    }
}
