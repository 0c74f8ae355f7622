//! One entry of the log: what it is, and the proof that the log holds it, in words and as a picture of its path.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use desk::Proved;
use maud::{Markup, html};
use tlog::{Hash, InclusionProof, leaf_hash, node_hash};

use crate::extract::Path;
use crate::web::parts::{chart, facts, state, svg, table, when};
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// One step from the entry to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    /// Whether the sibling stands to the left.
    is_left: bool,
    /// The sibling's hash, from the proof.
    sibling: Hash,
    /// What both make together.
    together: Hash,
}

/// The page.
pub async fn show(visit: Visit, Path(index): Path<String>) -> Result<Page, Problem> {
    let index = number(&index)?;
    let proved = visit.desk.prove(index).await?;
    let known = visit.desk.log_entry(index).await?;
    let checkpoint = tlog::Checkpoint::open_note(proved.proof.checkpoint(), &visit.desk.log_key())
        .map_err(|error| Problem::machine(error.to_string()))?;
    let leaf = leaf_hash(&proved.entry);
    let steps = path(leaf, proved.proof.inclusion(), checkpoint.size());
    let found = steps.last().map_or(leaf, |step| step.together);
    let content = html! {
        p { a href="/log" { "The log" } }
        (facts(&[
            ("What it is", html! { (known.kind) }),
            ("Case", html! { @match &known.case { Some(case) => a href={ "/cases/" (case) } { (case) }, None => "–" } }),
            ("Seat", html! { @match &known.seat { Some(seat) => (seat), None => "–" } }),
            ("Decided", html! { @match known.at { Some(at) => (when(at, &visit.zone)), None => "–" } }),
            ("Its bytes", html! { code { (String::from_utf8_lossy(&proved.entry)) } }),
        ]))
        h2 { "The proof" }
        p {
            @if found == checkpoint.root() {
                (state("good", "It is in the log")) ": from the entry's own hash "
                (steps.len()) " more hashes lead to the root that the log's key signed over "
                (checkpoint.size()) " entries."
            } @else {
                (state("bad", "The proof does not hold")) ". An audit names the first difference."
            }
        }
        (picture(&proved, &steps, leaf))
        p class="buttons" { a class="button" href={ "/log/" (index) "/proof" } { "Download the proof" } }
        p { "Anybody checks it offline, with the entry's bytes in a file:" }
        pre { "headstart log check entry-" (index) ".tlog-proof --entry entry.txt --log-key " (visit.desk.config().log_key) }
    };
    Ok(page(&visit, &format!("Entry {index}"), content))
}

/// The proof as a file.
pub async fn proof(visit: Visit, Path(index): Path<String>) -> Result<Response, Problem> {
    let index = number(&index)?;
    let proved = visit.desk.prove(index).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"entry-{index}.tlog-proof\""),
        ),
    ];
    Ok((headers, proved.proof.to_text()).into_response())
}

fn number(index: &str) -> Result<u64, Problem> {
    index.parse().map_err(|_| Problem::nothing_here())
}

/// The way from a leaf to the root, step by step.
///
/// # Source
/// RFC 9162, section 2.1.3.2.
fn path(leaf: Hash, proof: &InclusionProof, size: u64) -> Vec<Step> {
    let (mut index, mut last) = (proof.index, size.saturating_sub(1));
    let mut hash = leaf;
    let mut steps = Vec::new();
    for sibling in &proof.hashes {
        let is_left = index % 2 == 1 || index == last;
        if is_left {
            hash = node_hash(sibling, &hash);
            while index % 2 == 0 && index != 0 {
                index >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        steps.push(Step {
            is_left,
            sibling: *sibling,
            together: hash,
        });
        index >>= 1;
        last >>= 1;
    }
    steps
}

const BOX: f64 = 128.0;
const TALL: f64 = 30.0;
const GAP: f64 = 26.0;
const WIDTH: f64 = 480.0;

/// The path alone: the rest of the tree is not needed, and not drawn.
fn picture(proved: &Proved, steps: &[Step], leaf: Hash) -> Markup {
    let rows = steps.len() + 1;
    let height = rows as f64 * (TALL + GAP) + 10.0;
    let y = |row: usize| height - 10.0 - TALL - row as f64 * (TALL + GAP);
    let middle = (WIDTH - BOX) / 2.0;
    let title = format!("The path of entry {} to the root", proved.index);
    let description = format!(
        "From the bottom up: the entry's hash, then at each step the hash beside it, given by the proof, and what both \
         make together; {} steps.",
        steps.len()
    );
    let drawing = html! {
        (hash_box(middle, y(0), "path", &short(&leaf)))
        @for (row, step) in steps.iter().enumerate() {
            @let beside = if step.is_left { middle - BOX - 40.0 } else { middle + BOX + 40.0 };
            (hash_box(beside, y(row), "beside", &short(&step.sibling)))
            (hash_box(middle, y(row + 1), "path", &short(&step.together)))
            line class="axis" x1=(n(middle + BOX / 2.0)) y1=(n(y(row))) x2=(n(middle + BOX / 2.0)) y2=(n(y(row + 1) + TALL)) {}
            line class="axis" x1=(n(beside + BOX / 2.0)) y1=(n(y(row))) x2=(n(middle + BOX / 2.0)) y2=(n(y(row + 1) + TALL)) {}
        }
    };
    let rows: Vec<_> = steps
        .iter()
        .enumerate()
        .map(|(row, step)| {
            vec![
                html! { (row + 1) },
                html! { @if step.is_left { "left" } @else { "right" } },
                html! { code { (step.sibling.to_base64()) } },
                html! { code { (step.together.to_base64()) } },
            ]
        })
        .collect();
    let figures = table(
        "From the entry up",
        &["Step", "Beside it", "Hash beside it", "Both together"],
        &rows,
    );
    let picture = svg(
        "path",
        &title,
        &description,
        WIDTH as u32,
        height as u32,
        drawing,
    );
    chart(&title, &description, picture, figures)
}

fn hash_box(x: f64, y: f64, class: &str, text: &str) -> Markup {
    html! {
        rect class=(class) x=(n(x)) y=(n(y)) width=(n(BOX)) height=(n(TALL)) rx="3" {}
        text x=(n(x + BOX / 2.0)) y=(n(y + 20.0)) text-anchor="middle" { (text) }
    }
}

fn short(hash: &Hash) -> String {
    hash.to_base64().chars().take(12).chain(['…']).collect()
}

fn n(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tlog::{MemoryTree, inclusion_proof};

    #[test]
    fn the_path_ends_at_the_root_for_every_entry_of_every_small_log() {
        let mut tree = MemoryTree::new();
        for size in 1..70_u64 {
            tree.append(leaf_hash(&size.to_be_bytes()));
            let root = tlog::root(&tree, size).unwrap();
            for index in 0..size {
                let leaf = leaf_hash(&(index + 1).to_be_bytes());
                let proof = inclusion_proof(&tree, index, size).unwrap();
                let steps = path(leaf, &proof, size);
                let found = steps.last().map_or(leaf, |step| step.together);
                assert_eq!(found, root, "{index} of {size}");
            }
        }
    }
}
