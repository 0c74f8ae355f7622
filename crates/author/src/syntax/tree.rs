//! Programs, through the grammars of tree-sitter.

use std::ops::ControlFlow;

use tree_sitter::{Node, ParseOptions, Parser, Tree};

use super::{Language, Wrong, shown};

/// Work that a parse may take, in the parser's own steps of a hundred operations: one for so many bytes of the file.
/// Programs as people write them need less than one for fifty bytes.
const BYTES_PER_STEP: u64 = 4;
/// Steps that every parse may take, however short the file.
const STEPS_MIN: u64 = 10_000;

fn grammar(language: Language) -> Option<tree_sitter::Language> {
    Some(match language {
        Language::Python => tree_sitter_python::LANGUAGE.into(),
        Language::JavaScript => tree_sitter_javascript::LANGUAGE.into(),
        Language::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
        Language::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
        Language::C => tree_sitter_c::LANGUAGE.into(),
        Language::PowerShell => tree_sitter_powershell::LANGUAGE.into(),
        Language::Shell => tree_sitter_bash::LANGUAGE.into(),
        _ => return None,
    })
}

/// The syntax tree of a program; `None` for a language without a grammar, or a text that takes too long.
pub(crate) fn parse(language: Language, text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&grammar(language)?).ok()?;
    let bytes = text.as_bytes();
    let mut steps = 0u64;
    let steps_max = STEPS_MIN.saturating_add(bytes.len() as u64 / BYTES_PER_STEP);
    let mut progress = |_: &tree_sitter::ParseState| {
        steps += 1;
        if steps > steps_max {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    parser.parse_with_options(
        &mut |at, _| bytes.get(at..).unwrap_or_default(),
        None,
        Some(options),
    )
}

pub(super) fn check(language: Language, text: &str, wrong: &mut Wrong<'_>) {
    let Some(tree) = parse(language, text) else {
        wrong.at(0, format!("{language} that takes too long to parse"));
        return;
    };
    if !tree.root_node().has_error() {
        return;
    }
    walk(tree.root_node(), |node| {
        if wrong.is_full() || !(node.has_error() || node.is_missing()) {
            return false;
        }
        if node.is_missing() {
            wrong.at(node.start_byte(), format!("`{}` is missing", node.kind()));
        } else if node.is_error() {
            let piece = text.get(node.byte_range()).unwrap_or_default();
            let from = node.start_byte() + piece.len() - piece.trim_start().len();
            wrong.at(from, format!("not {language}: {}", shown(piece)));
            return false;
        }
        true
    });
    if wrong.is_empty() {
        wrong.at(0, format!("not {language}"));
    }
}

/// Visits nodes in order of place, parents first; `visit` says whether to go into a node's children.
pub(crate) fn walk<'t>(root: Node<'t>, mut visit: impl FnMut(Node<'t>) -> bool) {
    let mut cursor = root.walk();
    let mut goes_in = visit(cursor.node());
    loop {
        if goes_in && cursor.goto_first_child() {
            goes_in = visit(cursor.node());
            continue;
        }
        loop {
            if cursor.goto_next_sibling() {
                break;
            }
            if !cursor.goto_parent() {
                return;
            }
        }
        goes_in = visit(cursor.node());
    }
}
