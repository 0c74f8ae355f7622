//! YARA rules: the grammar of YARA-X, and what a compiler asks of names.

use std::collections::BTreeMap;

use yara_x_parser::ast::dfs::{DFSEvent, DFSIter};
use yara_x_parser::ast::{AST, Error, Expr, OfItems, PatternSet, WithSpan as _};

use super::{Wrong, shown, too_deep};

pub(super) fn check(text: &str, wrong: &mut Wrong<'_>) {
    if let Some(at) = too_deep(text) {
        wrong.at(at, "brackets are nested too deeply to be checked");
        return;
    }
    let ast = AST::from(text);
    for error in ast.errors() {
        let (what, span) = match error {
            Error::SyntaxError { message, span }
            | Error::InvalidInteger { message, span }
            | Error::InvalidFloat { message, span }
            | Error::InvalidRegexpModifier { message, span }
            | Error::InvalidEscapeSequence { message, span } => (message.as_str(), span),
            Error::InvalidUTF8(span) => ("not UTF-8", span),
            Error::UnexpectedEscapeSequence(span) => ("an escape that is not allowed here", span),
        };
        let what = what
            .trim_end_matches('.')
            .lines()
            .next()
            .unwrap_or_default();
        let piece = text.get(span.range()).unwrap_or_default();
        wrong.at(
            span.start(),
            format!("not YARA: {what}, at {}", shown(piece)),
        );
    }
    if !wrong.is_empty() {
        return;
    }
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for rule in ast.rules() {
        let name = rule.identifier.name;
        let at = rule.identifier.span().start();
        if rules.insert(name, at).is_some() {
            wrong.at(at, format!("a second rule {}", shown(name)));
        }
        let mut declared: BTreeMap<&str, usize> = BTreeMap::new();
        for pattern in rule.patterns.iter().flatten() {
            let identifier = pattern.identifier();
            let at = identifier.span().start();
            let name = identifier.name.get(1..).unwrap_or_default();
            if !name.is_empty() && declared.insert(name, at).is_some() {
                wrong.at(at, format!("a second string {}", shown(identifier.name)));
            }
        }
        let used = Used::of(&rule.condition);
        for (name, at) in &used.names {
            if !name.is_empty() && !declared.contains_key(name.as_str()) {
                wrong.at(*at, format!("there is no string `${name}`"));
            }
        }
        for (prefix, at) in &used.prefixes {
            if !declared.keys().any(|d| d.starts_with(prefix.as_str())) {
                wrong.at(*at, format!("there is no string `${prefix}*`"));
            }
        }
        for (name, at) in &declared {
            let is_used = used.all
                || name.starts_with('_')
                || used.names.contains_key(*name)
                || used.prefixes.keys().any(|p| name.starts_with(p.as_str()));
            if !is_used {
                wrong.at(*at, format!("the string `${name}` is not used"));
            }
        }
    }
}

/// The strings that a condition speaks of, without their first character.
#[derive(Default)]
struct Used {
    names: BTreeMap<String, usize>,
    prefixes: BTreeMap<String, usize>,
    all: bool,
}

impl Used {
    fn of(condition: &Expr<'_>) -> Used {
        let mut used = Used::default();
        for event in DFSIter::new(condition) {
            let DFSEvent::Enter(expression) = event else {
                continue;
            };
            match expression {
                Expr::PatternMatch(found) => {
                    used.name(found.identifier.name, found.identifier.span().start())
                }
                Expr::PatternCount(found) => {
                    used.name(found.identifier.name, found.identifier.span().start())
                }
                Expr::PatternOffset(found) | Expr::PatternLength(found) => {
                    used.name(found.identifier.name, found.identifier.span().start());
                }
                Expr::Of(of) => {
                    if let OfItems::PatternSet(set) = &of.items {
                        used.set(set);
                    }
                }
                Expr::ForOf(of) => used.set(&of.pattern_set),
                _ => {}
            }
        }
        used
    }

    fn name(&mut self, name: &str, at: usize) {
        let bare = name.get(1..).unwrap_or_default();
        self.names.entry(bare.to_owned()).or_insert(at);
    }

    fn set(&mut self, set: &PatternSet<'_>) {
        match set {
            PatternSet::Them { .. } => self.all = true,
            PatternSet::Set(items) => {
                for item in items {
                    let bare = item.identifier.get(1..).unwrap_or_default().to_owned();
                    let names = if item.wildcard {
                        &mut self.prefixes
                    } else {
                        &mut self.names
                    };
                    names.entry(bare).or_insert(item.span().start());
                }
            }
        }
    }
}
