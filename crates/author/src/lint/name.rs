//! Names that a copy would take from somebody else.

use std::collections::{BTreeMap, BTreeSet};

use carriers::{Carrier, Master};
use tree_sitter::Node;

use super::finding::{Finding, FindingKind, Places, Severity};
use crate::syntax::tree::{parse, walk};
use crate::syntax::{Language, place, sigma};
use crate::words::{ignores_case, is_reserved};

pub(super) fn check(master: &Master, default: &str, places: &Places<'_>, found: &mut Vec<Finding>) {
    let Some(language) = Language::of(master.file_name()) else {
        return;
    };
    let uses = Uses::of(language, default);
    for (site, shape) in master.sites().iter().enumerate() {
        let (Carrier::Name, Some((written, others))) = (shape.carrier, shape.choices.split_first())
        else {
            continue;
        };
        let mut tell = |kind| found.push(places.site(site, Severity::Error, kind));
        if let Some((role, at)) = uses.foreign.get(written.as_str()) {
            tell(FindingKind::NameReaches {
                name: written.clone(),
                role,
                line: place(default, *at).0,
            });
        }
        if let Some(at) = Uses::other_case(language, default, written) {
            tell(FindingKind::NameCase {
                name: written.clone(),
                language: language.to_string(),
                line: place(default, at).0,
            });
        }
        for other in others {
            if is_reserved(language, other) {
                tell(FindingKind::NameReserved {
                    name: other.clone(),
                    language: language.to_string(),
                });
            } else if let Some(same) = uses.same_but_case(language, other).filter(|s| s != written)
            {
                tell(FindingKind::NameSame {
                    name: other.clone(),
                    other: same,
                    language: language.to_string(),
                });
            }
            let left = uses
                .wildcards
                .iter()
                .find(|w| written.starts_with(w.as_str()) && !other.starts_with(w.as_str()));
            if let Some(wildcard) = left {
                tell(FindingKind::NameLeavesWildcard {
                    name: other.clone(),
                    written: written.clone(),
                    wildcard: format!("{wildcard}*"),
                });
            }
        }
    }
}

/// How the identifiers of a file are used.
#[derive(Default)]
pub(crate) struct Uses {
    /// Names that stand where somebody else decides what they are called, with that role and a place.
    pub(crate) foreign: BTreeMap<String, (&'static str, usize)>,
    /// Every identifier.
    pub(crate) all: BTreeSet<String>,
    /// Names that this file binds: variables and parameters, with the first place.
    pub(crate) bound: BTreeMap<String, usize>,
    /// Beginnings of names, of `selection*` and `$a*`.
    pub(crate) wildcards: BTreeSet<String>,
}

impl Uses {
    pub(crate) fn of(language: Language, text: &str) -> Uses {
        let mut uses = Uses::default();
        for identifier in text.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
            if !identifier.is_empty() {
                uses.all.insert(identifier.to_owned());
            }
        }
        match language {
            Language::Sigma => {
                for condition in sigma::conditions(text) {
                    uses.wildcards.extend(wildcards(&condition, ""));
                }
            }
            Language::Yara => uses.wildcards.extend(wildcards(text, "$")),
            _ => {}
        }
        if let Some(tree) = parse(language, text) {
            let mut own = BTreeSet::new();
            walk(tree.root_node(), |node| {
                if let Some(name) = own_member(language, node, text) {
                    own.insert(name.to_owned());
                }
                true
            });
            walk(tree.root_node(), |node| {
                if node.child_count() == 0 {
                    uses.note(language, node, text, &own);
                }
                true
            });
        }
        uses
    }

    fn note(&mut self, language: Language, node: Node<'_>, text: &str, own: &BTreeSet<String>) {
        let name = text.get(node.byte_range()).unwrap_or_default();
        if matches!(node.kind(), "word" | "generic_token" | "command_parameter") {
            // `--max-time` holds two names.
            for part in name.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
                let foreign = ("a word of a command", node.start_byte());
                if !part.is_empty() {
                    self.foreign.entry(part.to_owned()).or_insert(foreign);
                }
            }
            return;
        }
        let name = name.trim_start_matches('$');
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            return;
        }
        match role(language, node, text) {
            Role::Bound => {
                self.bound
                    .entry(name.to_owned())
                    .or_insert(node.start_byte());
            }
            Role::Member(_) if own.contains(name) => {}
            Role::Member(what) | Role::Foreign(what) => {
                self.foreign
                    .entry(name.to_owned())
                    .or_insert((what, node.start_byte()));
            }
            Role::Plain => {}
        }
    }

    /// A place where the name stands as a variable in another case, where case means nothing.
    pub(crate) fn other_case(language: Language, text: &str, name: &str) -> Option<usize> {
        if !ignores_case(language) {
            return None;
        }
        text.match_indices('$').map(|(at, _)| at + 1).find(|at| {
            let rest = text.get(*at..).unwrap_or_default();
            let len = rest
                .find(|c: char| !(c == '_' || c.is_alphanumeric()))
                .unwrap_or(rest.len());
            let written = rest.get(..len).unwrap_or_default();
            written != name && written.eq_ignore_ascii_case(name)
        })
    }

    fn same_but_case(&self, language: Language, name: &str) -> Option<String> {
        if !ignores_case(language) {
            return None;
        }
        let found = self.all.iter().find(|a| a.eq_ignore_ascii_case(name));
        found.cloned()
    }
}

/// What stands between `lead` and each `*`.
fn wildcards(text: &str, lead: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (at, _) in text.match_indices('*') {
        let before = text.get(..at).unwrap_or_default();
        let rest = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
        let prefix = before.get(rest.len()..).unwrap_or_default();
        if !prefix.is_empty() && rest.ends_with(lead) {
            out.push(prefix.to_owned());
        }
    }
    out
}

/// What an identifier is where it stands.
enum Role {
    /// This file gives it a value here.
    Bound,
    /// A member: foreign unless a type or function of this file declares it.
    Member(&'static str),
    /// Given by somebody else.
    Foreign(&'static str),
    Plain,
}

/// A member that this file declares itself: a field, a method, or a parameter of one of its functions.
fn own_member<'t>(language: Language, node: Node<'_>, text: &'t str) -> Option<&'t str> {
    let parent = node.parent()?;
    let is_own = match (language, node.kind(), parent.kind()) {
        (Language::Python, "identifier", "function_definition") => is_field(parent, "name", node),
        (
            Language::Python,
            "identifier",
            "parameters"
            | "lambda_parameters"
            | "default_parameter"
            | "typed_parameter"
            | "typed_default_parameter",
        ) => !is_field(parent, "value", node),
        (Language::Python, "identifier", "attribute") => {
            is_field(parent, "attribute", node)
                && parent
                    .parent()
                    .is_some_and(|p| p.kind() == "assignment" && is_field(p, "left", parent))
        }
        (
            Language::JavaScript | Language::TypeScript | Language::Tsx,
            "property_identifier",
            "method_definition" | "field_definition" | "public_field_definition",
        ) => true,
        (
            Language::C,
            "field_identifier",
            "field_declaration" | "pointer_declarator" | "array_declarator",
        ) => {
            parent.kind() == "field_declaration"
                || parent
                    .parent()
                    .is_some_and(|p| p.kind() == "field_declaration")
        }
        _ => false,
    };
    is_own.then(|| text.get(node.byte_range())).flatten()
}

fn is_field(parent: Node<'_>, field: &str, node: Node<'_>) -> bool {
    parent
        .child_by_field_name(field)
        .is_some_and(|n| n.id() == node.id())
}

fn role(language: Language, node: Node<'_>, text: &str) -> Role {
    let Some(parent) = node.parent() else {
        return Role::Plain;
    };
    match language {
        Language::Python => python(node, parent, text),
        Language::JavaScript | Language::TypeScript | Language::Tsx => script(node, parent),
        Language::C => c(node, parent),
        Language::PowerShell => power_shell(node, parent),
        Language::Shell => shell(node, parent),
        _ => Role::Plain,
    }
}

fn python(node: Node<'_>, parent: Node<'_>, text: &str) -> Role {
    if node.kind() != "identifier" {
        return Role::Plain;
    }
    match parent.kind() {
        "attribute" if is_field(parent, "attribute", node) => Role::Member("an attribute"),
        "keyword_argument" if is_field(parent, "name", node) => {
            let call = parent.parent().and_then(|p| p.parent());
            let function = call.and_then(|c| c.child_by_field_name("function"));
            let called = function
                .and_then(|f| text.get(f.byte_range()))
                .unwrap_or_default();
            // `dict(name=…)` makes data.
            if called == "dict" {
                Role::Plain
            } else {
                Role::Member("a keyword of a call")
            }
        }
        "dotted_name" => {
            let grand = parent.parent();
            let is_alias =
                grand.is_some_and(|g| g.kind() == "aliased_import" && is_field(g, "alias", node));
            let imports = grand.is_some_and(|g| {
                matches!(
                    g.kind(),
                    "import_statement" | "import_from_statement" | "aliased_import"
                )
            });
            if imports && !is_alias {
                Role::Foreign("an import")
            } else {
                Role::Plain
            }
        }
        "assignment" | "named_expression" | "augmented_assignment" => {
            if is_field(parent, "left", node) || is_field(parent, "name", node) {
                Role::Bound
            } else {
                Role::Plain
            }
        }
        "for_statement" | "for_in_clause" => {
            if is_field(parent, "left", node) {
                Role::Bound
            } else {
                Role::Plain
            }
        }
        "pattern_list" | "tuple_pattern" | "list_pattern" | "as_pattern_target" => Role::Bound,
        _ => Role::Plain,
    }
}

fn script(node: Node<'_>, parent: Node<'_>) -> Role {
    match node.kind() {
        "property_identifier" => Role::Member("a property"),
        "shorthand_property_identifier" | "shorthand_property_identifier_pattern" => {
            Role::Foreign("a key of an object")
        }
        "type_identifier" => Role::Foreign("a type"),
        "identifier" => match parent.kind() {
            "import_specifier"
                if parent
                    .child_by_field_name("alias")
                    .is_none_or(|a| a.id() != node.id()) =>
            {
                Role::Foreign("an import")
            }
            "export_specifier" => Role::Foreign("an export"),
            "variable_declarator" if is_field(parent, "name", node) => {
                let statement = parent.parent().and_then(|p| p.parent());
                if statement.is_some_and(|s| s.kind() == "export_statement") {
                    Role::Foreign("an export")
                } else {
                    Role::Bound
                }
            }
            "function_declaration"
                if parent
                    .parent()
                    .is_some_and(|p| p.kind() == "export_statement") =>
            {
                Role::Foreign("an export")
            }
            _ => Role::Plain,
        },
        _ => Role::Plain,
    }
}

fn c(node: Node<'_>, parent: Node<'_>) -> Role {
    match node.kind() {
        "field_identifier" => Role::Member("a field"),
        "type_identifier" => Role::Foreign("a type"),
        "identifier" => {
            let mut declarator = parent;
            loop {
                match declarator.kind() {
                    "pointer_declarator" | "array_declarator" => match declarator.parent() {
                        Some(up) => declarator = up,
                        None => return Role::Plain,
                    },
                    "init_declarator" => {
                        let of = parent.kind() != "init_declarator"
                            || is_field(parent, "declarator", node);
                        return if of { Role::Bound } else { Role::Plain };
                    }
                    "declaration" => return Role::Bound,
                    "parameter_declaration" => return Role::Plain,
                    _ => return Role::Plain,
                }
            }
        }
        _ => Role::Plain,
    }
}

fn power_shell(node: Node<'_>, parent: Node<'_>) -> Role {
    match node.kind() {
        "simple_name" => match parent.kind() {
            "key_expression" => Role::Foreign("a key"),
            "member_name" => Role::Foreign("a member"),
            _ => Role::Foreign("a name without `$`"),
        },
        "command_parameter" => Role::Foreign("a parameter of a command"),
        "generic_token" | "command_name" => Role::Foreign("a word of a command"),
        "variable" => {
            let mut up = parent;
            for _ in 0..12 {
                if up.kind() == "left_assignment_expression" {
                    return Role::Bound;
                }
                if up.child_count() > 1 {
                    break;
                }
                match up.parent() {
                    Some(next) => up = next,
                    None => break,
                }
            }
            Role::Plain
        }
        _ => Role::Plain,
    }
}

fn shell(node: Node<'_>, parent: Node<'_>) -> Role {
    match (node.kind(), parent.kind()) {
        ("variable_name", "variable_assignment") => Role::Bound,
        ("variable_name", _) => Role::Plain,
        ("word", "command_name") => Role::Foreign("a command"),
        ("word", _) => Role::Foreign("a word of a command"),
        _ => Role::Plain,
    }
}
