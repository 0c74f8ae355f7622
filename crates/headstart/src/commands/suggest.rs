//! `headstart suggest`: places of a file that could carry marks, and what the author decides about them.

use std::io::{IsTerminal, Write};
use std::path::Path;

use author::suggest::{
    ApplyError, Class, Decision, Strength, SuggestError, Suggestion, apply, count_words, suggest,
};
use carriers::MarkErrors;
use desk::Failure;
use serde_json::{Value, json};

use super::Context;
use super::context::{check_new_file, read_file, write_new_file};
use crate::cli::Suggest;
use crate::output::{Output, count, folded};

/// Characters of the sentence that are shown on each side of a place.
const CONTEXT_CHARS: usize = 120;

/// Lists the suggestions of a file, or writes decisions about them.
pub fn run(context: &Context, arguments: &Suggest) -> Result<u8, Failure> {
    let file = &arguments.file;
    let bytes = read_file(file, author::suggest::SOURCE_BYTES_MAX as u64)?;
    let name = file.to_string_lossy().into_owned();
    if let Some(out) = &arguments.out {
        check_new_file(out)?;
    }
    let all = suggest(&name, &bytes).map_err(|error| refused(&name, &bytes, &error))?;
    let shown = chosen(&all, arguments)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let decisions = if arguments.review {
        where_to(arguments)?;
        reviewed(&context.output, &text, &shown)?
    } else {
        decided(&shown, arguments)?
    };
    if decisions.is_empty() && !arguments.review {
        if arguments.out.is_some() || arguments.in_place {
            return Err(Failure::usage("no-decision", "there is nothing to write")
                .hint("decide with --accept, --refuse, --change or --review"));
        }
        let document = document(&name, &text, &shown);
        context.output.result(&document, |out| {
            listing(out, &text, &shown) + &summary(out, &name, &text, &shown)
        });
        return Ok(0);
    }
    where_to(arguments)?;
    let master =
        apply(&name, &bytes, &decisions).map_err(|error| not_applied(&name, &bytes, &error))?;
    let written = match &arguments.out {
        Some(out) => {
            write_new_file(out, &master)?;
            out
        }
        None => {
            if master != bytes {
                replace(file, &master)?;
            }
            file
        }
    };
    let counts = Counts::of(&decisions);
    let left = suggest(&name, &master).map_or(0, |left| left.len());
    let document = json!({
        "file": name,
        "written": written.display().to_string(),
        "accepted": counts.accepted,
        "changed": counts.changed,
        "refused": counts.refused,
        "left": left,
    });
    context.output.result(&document, |_| {
        format!(
            "{}: {} accepted, {} changed, {} refused; {} left\n",
            written.display(),
            counts.accepted,
            counts.changed,
            counts.refused,
            count(left, "suggestion"),
        )
    });
    Ok(0)
}

/// The suggestions that the filters leave.
fn chosen(all: &[Suggestion], arguments: &Suggest) -> Result<Vec<Suggestion>, Failure> {
    let mut classes = Vec::new();
    for word in &arguments.class {
        let class = Class::of(word).ok_or_else(|| {
            let known: Vec<&str> = Class::ALL.iter().map(|c| c.as_str()).collect();
            Failure::usage(
                "unknown-class",
                format!("`{word}` is no class of suggestions"),
            )
            .hint(format!("the classes are {}", known.join(", ")))
        })?;
        classes.push(class);
    }
    Ok(all
        .iter()
        .filter(|s| classes.is_empty() || classes.contains(&s.class))
        .filter(|s| !arguments.robust || s.strength == Strength::Robust)
        .cloned()
        .collect())
}

/// The decisions of the flags; a decision about one suggestion goes before one about all.
fn decided(shown: &[Suggestion], arguments: &Suggest) -> Result<Vec<Decision>, Failure> {
    let is_all = |ids: &[String]| ids.iter().any(|id| id == "all");
    let (accept_all, refuse_all) = (is_all(&arguments.accept), is_all(&arguments.refuse));
    if accept_all && refuse_all {
        return Err(
            Failure::usage("two-decisions", "all cannot be both accepted and refused")
                .hint("name the ids of one of them"),
        );
    }
    let named =
        |ids: &[String]| -> Vec<String> { ids.iter().filter(|id| *id != "all").cloned().collect() };
    let mut out = Vec::new();
    for change in &arguments.change {
        let (id, wordings) = change.split_once('=').ok_or_else(|| {
            Failure::usage("change", format!("`{change}` names no wordings"))
                .hint("write it as --change 'ID=one|two'")
        })?;
        out.push(Decision::Change(id.to_owned(), split(wordings)));
    }
    out.extend(named(&arguments.accept).into_iter().map(Decision::Accept));
    out.extend(named(&arguments.refuse).into_iter().map(Decision::Refuse));
    if accept_all || refuse_all {
        for suggestion in shown {
            if !out.iter().any(|d| d.id() == suggestion.id) {
                let id = suggestion.id.clone();
                out.push(if accept_all {
                    Decision::Accept(id)
                } else {
                    Decision::Refuse(id)
                });
            }
        }
    }
    Ok(out)
}

/// Wordings at `|`; `\|` is the character itself.
fn split(wordings: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut chars = wordings.chars().peekable();
    while let Some(c) = chars.next() {
        let last = out.last_mut().expect("there is always a last wording");
        match c {
            '\\' if chars.peek() == Some(&'|') => {
                chars.next();
                last.push('|');
            }
            '|' => out.push(String::new()),
            c => last.push(c),
        }
    }
    out
}

fn where_to(arguments: &Suggest) -> Result<(), Failure> {
    if arguments.out.is_none() && !arguments.in_place {
        return Err(
            Failure::usage("no-output", "decisions need a file to be written to")
                .hint("add --in-place, or --out FILE"),
        );
    }
    Ok(())
}

/// Asks about each; the end of input, and `q`, keep what was decided so far.
fn reviewed(out: &Output, text: &str, shown: &[Suggestion]) -> Result<Vec<Decision>, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::usage("no-terminal", "a review needs a terminal")
            .hint("decide with --accept, --refuse and --change instead"));
    }
    let mut decisions = Vec::new();
    for (number, suggestion) in shown.iter().enumerate() {
        let mut prompt = std::io::stderr().lock();
        let _ = write!(
            prompt,
            "\n[{} of {}]\n{}  y accept, n refuse, c change, enter later, q stop: ",
            number + 1,
            shown.len(),
            described(out, text, suggestion),
        );
        let _ = prompt.flush();
        drop(prompt);
        let Some(answer) = line()? else { break };
        match answer.trim() {
            "y" => decisions.push(Decision::Accept(suggestion.id.clone())),
            "n" => decisions.push(Decision::Refuse(suggestion.id.clone())),
            "c" => {
                eprint!("  the wordings, with | between: ");
                let Some(wordings) = line()? else { break };
                decisions.push(Decision::Change(
                    suggestion.id.clone(),
                    split(wordings.trim_end_matches(['\n', '\r'])),
                ));
            }
            "q" => break,
            _ => {}
        }
    }
    Ok(decisions)
}

fn line() -> Result<Option<String>, Failure> {
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer).map_err(|error| {
        Failure::machine(
            "terminal",
            format!("cannot read from the terminal: {error}"),
        )
    })?;
    Ok((read > 0).then_some(answer))
}

struct Counts {
    accepted: usize,
    changed: usize,
    refused: usize,
}

impl Counts {
    fn of(decisions: &[Decision]) -> Self {
        let number = |is: fn(&Decision) -> bool| decisions.iter().filter(|d| is(d)).count();
        Self {
            accepted: number(|d| matches!(d, Decision::Accept(_))),
            changed: number(|d| matches!(d, Decision::Change(..))),
            refused: number(|d| matches!(d, Decision::Refuse(_))),
        }
    }
}

fn document(name: &str, text: &str, shown: &[Suggestion]) -> Value {
    let suggestions: Vec<Value> = shown
        .iter()
        .map(|s| {
            json!({
                "id": s.id, "class": s.class.as_str(),
                "line": s.line, "column": s.column, "start": s.start, "end": s.end,
                "original": s.original, "alternatives": s.alternatives, "values": s.values,
                "bits": s.bits(), "why": s.why, "functional": s.is_functional,
                "strength": s.strength.to_string(),
            })
        })
        .collect();
    let robust = shown.iter().filter(|s| s.strength == Strength::Robust);
    json!({
        "file": name,
        "suggestions": suggestions,
        "words": count_words(text),
        "robust": robust.count(),
        "bits": shown.iter().map(Suggestion::bits).sum::<f64>(),
    })
}

fn listing(out: &Output, text: &str, shown: &[Suggestion]) -> String {
    let mut listed = String::new();
    for suggestion in shown {
        listed += &described(out, text, suggestion);
        listed.push('\n');
    }
    listed
}

/// Place, class and id; the sentence; the values; the reason.
fn described(out: &Output, text: &str, one: &Suggestion) -> String {
    let fragile = match one.strength {
        Strength::Robust => "",
        Strength::Fragile => ", fragile",
    };
    let place = format!("{}:{}", one.line, one.column);
    let mut said = format!(
        "{place:<8} {}  {}{fragile}\n",
        out.strong(&one.id),
        one.class
    );
    said += &folded(&sentence(text, one), 92, "    ");
    let values = if one.alternatives.is_empty() {
        format!("{} values", one.values)
    } else {
        let wordings = one.alternatives.iter().map(|a| match a.trim() {
            "" => "(nothing)".to_owned(),
            wording => wording.to_owned(),
        });
        wordings.collect::<Vec<_>>().join(" | ")
    };
    said += &folded(&format!("→ {values}"), 92, "    ");
    said += &out.quiet(&folded(&one.why, 92, "    "));
    said
}

/// The sentence around a place, within its line, the place in brackets.
fn sentence(text: &str, one: &Suggestion) -> String {
    let before = text.get(..one.start).unwrap_or_default();
    let after = text.get(one.end..).unwrap_or_default();
    let line_before = before.rsplit('\n').next().unwrap_or_default();
    let line_after = after.split('\n').next().unwrap_or_default();
    let from = [". ", "? ", "! "]
        .iter()
        .filter_map(|end| line_before.rfind(end).map(|p| p + end.len()))
        .max()
        .unwrap_or(0);
    let to = [". ", "? ", "! "]
        .iter()
        .filter_map(|end| line_after.find(end).map(|p| p + 1))
        .min()
        .unwrap_or(line_after.len());
    let lead = line_before.get(from..).unwrap_or_default();
    let tail = line_after.get(..to).unwrap_or_default();
    let skip = lead.chars().count().saturating_sub(CONTEXT_CHARS);
    let dots = if skip > 0 { "…" } else { "" };
    let lead: String = lead.chars().skip(skip).collect();
    let cut: String = tail.chars().take(CONTEXT_CHARS).collect();
    let more = if cut.len() < tail.len() { "…" } else { "" };
    let place = one.original.split('\n').next().unwrap_or_default();
    let lines = if one.original.contains('\n') {
        " …"
    } else {
        ""
    };
    format!("{dots}{lead}[{}{lines}]{cut}{more}", place.trim_end())
        .trim_start()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn summary(out: &Output, name: &str, text: &str, shown: &[Suggestion]) -> String {
    let words = count_words(text);
    let robust = shown
        .iter()
        .filter(|s| s.strength == Strength::Robust)
        .count();
    let bits: f64 = shown.iter().map(Suggestion::bits).sum();
    let each = |number: usize| number as f64 * 1000.0 / words.max(1) as f64;
    let mut said = format!(
        "{} in {}: {:.1} for each 1,000 words, {robust} of them robust; accepting all gives {bits:.1} bits\n",
        out.strong(&count(shown.len(), "suggestion")),
        count(words, "word"),
        each(shown.len()),
    );
    let mut classes: Vec<(Class, usize)> = Vec::new();
    for one in shown {
        match classes.iter_mut().find(|(class, _)| *class == one.class) {
            Some((_, number)) => *number += 1,
            None => classes.push((one.class, 1)),
        }
    }
    classes.sort_by_key(|(class, number)| (std::cmp::Reverse(*number), *class));
    let told: Vec<String> = classes
        .iter()
        .map(|(class, number)| format!("{number} {class}"))
        .collect();
    if !shown.is_empty() {
        said += &format!("{}\n", told.join(", "));
        said += &format!("Next: headstart suggest {name} --review --in-place\n");
    }
    said
}

/// A file that exists is replaced whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::machine(
            "unwritable",
            format!("cannot write `{}`: {error}", path.display()),
        )
        .hint("check the folder's permissions; the file is as it was")
    };
    // A link stays a link: what it points to is replaced.
    let path = path.canonicalize().map_err(failed)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut draft = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let permissions = std::fs::metadata(&path).map_err(failed)?.permissions();
    draft
        .write_all(bytes)
        .and_then(|()| draft.as_file().set_permissions(permissions))
        .and_then(|()| draft.as_file().sync_all())
        .map_err(failed)?;
    // CRASH: until this line the file is as it was, and a draft lies beside it.
    draft.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn refused(name: &str, bytes: &[u8], error: &SuggestError) -> Failure {
    match error {
        SuggestError::Marks(errors) => wrong_marks(name, bytes, errors),
        other => Failure::usage("suggest", format!("`{name}`: {other}")).hint(other.hint()),
    }
}

fn not_applied(name: &str, bytes: &[u8], error: &ApplyError) -> Failure {
    match error {
        ApplyError::Suggest(error) => refused(name, bytes, error),
        other => Failure::usage("decision", other.to_string()).hint(other.hint()),
    }
}

fn wrong_marks(name: &str, bytes: &[u8], errors: &MarkErrors) -> Failure {
    let shown = errors.render(name, &String::from_utf8_lossy(bytes));
    Failure::usage("marks", format!("{errors} of `{name}`\n{shown}")).hint(errors.hint())
}
