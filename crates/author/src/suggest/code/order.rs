//! Keys and keyword arguments whose order means nothing.

use tree_sitter::{Node, Tree};

use super::{Class, Finder, header};
use crate::syntax::Language;
use crate::syntax::tree::walk;

/// Functions of the language whose results depend on nothing but their arguments.
const PURE: [&str; 12] = [
    "str", "int", "len", "float", "repr", "hex", "bytes", "String", "Number", "sizeof", "bool",
    "tuple",
];

pub(super) fn suggest(finder: &mut Finder<'_>, tree: &Tree) {
    // The innermost list first: lists do not nest.
    let mut lists: Vec<Node<'_>> = Vec::new();
    walk(tree.root_node(), |node| {
        if is_list(finder.language, node) {
            lists.push(node);
        }
        true
    });
    lists.sort_by_key(|n| (n.end_byte() - n.start_byte(), n.start_byte()));
    for node in lists {
        list(finder, node);
    }
}

fn is_list(language: Language, node: Node<'_>) -> bool {
    match language {
        Language::Python => matches!(node.kind(), "dictionary" | "argument_list" | "set"),
        Language::JavaScript | Language::TypeScript | Language::Tsx => node.kind() == "object",
        Language::C => node.kind() == "initializer_list",
        Language::PowerShell => node.kind() == "hash_literal_body",
        _ => false,
    }
}

fn list(finder: &mut Finder<'_>, node: Node<'_>) {
    if node.has_error() {
        return;
    }
    let mut cursor = node.walk();
    let children: Vec<Node<'_>> = node
        .named_children(&mut cursor)
        .filter(|c| c.kind() != "comment")
        .collect();
    let is_item = |child: &Node<'_>| {
        matches!(
            child.kind(),
            "pair"
                | "keyword_argument"
                | "shorthand_property_identifier"
                | "initializer_pair"
                | "hash_entry"
        ) || node.kind() == "set"
    };
    // Of a call, the keywords behind its other arguments.
    let first = children.iter().position(is_item).unwrap_or(children.len());
    let items = children.get(first..).unwrap_or_default();
    let may_lead = node.kind() == "argument_list";
    if (first > 0 && !may_lead) || items.len() < 2 || !items.iter().all(is_item) {
        return;
    }
    if !items
        .iter()
        .all(|i| value_of(*i).is_none_or(|v| is_quiet(finder, v)))
    {
        return;
    }
    let headers = items
        .iter()
        .filter(|i| header::is_header(&key(finder, **i)))
        .count();
    let class = if headers * 2 > items.len() {
        Class::Header
    } else {
        Class::Items
    };
    let what = match (node.kind(), class) {
        ("argument_list", _) => "keyword arguments: their order means nothing to the function",
        (_, Class::Header) => "headers: a server takes them in any order",
        ("initializer_list", _) => "members with their names: they may be set in any order",
        _ => "keys: check that nothing reads them in order",
    };
    let spans: Vec<(usize, usize)> = items
        .iter()
        .map(|i| (i.start_byte(), trimmed_end(finder, *i)))
        .collect();
    let (Some((start, _)), Some((_, end))) = (spans.first().copied(), spans.last().copied()) else {
        return;
    };
    let is_one_line = finder.line(start) == finder.line(end);
    if !is_one_line {
        let needs_comma = finder.language != Language::PowerShell;
        let is_closed = finder
            .text(end, node.end_byte())
            .trim_start()
            .starts_with(',');
        if !needs_comma || is_closed {
            finder.lines(&spans, class, what);
        }
        return;
    }
    // A list on one line is named by what stands before it: `name = {…}`, `name(…)`.
    if finder.language != Language::Python || node.kind() == "set" {
        return;
    }
    let before = finder
        .text(finder.line(start).0, node.start_byte())
        .trim_end();
    let before = match node.kind() {
        "argument_list" => before,
        _ => match before.strip_suffix('=') {
            Some(before) => before.trim_end(),
            None => return,
        },
    };
    let name_at = before
        .rfind(|c: char| !(c.is_alphanumeric() || c == '_'))
        .map_or(0, |p| {
            p + before
                .get(p..)
                .and_then(|t| t.chars().next())
                .map_or(1, char::len_utf8)
        });
    let name = before.get(name_at..).unwrap_or_default();
    if !name.is_empty() {
        finder.named_list((start, end), (name, items.len()), class, false, what);
    }
}

fn trimmed_end(finder: &Finder<'_>, item: Node<'_>) -> usize {
    let text = finder.text(item.start_byte(), item.end_byte());
    item.start_byte() + text.trim_end().len()
}

fn value_of(item: Node<'_>) -> Option<Node<'_>> {
    let value = item.child_by_field_name("value");
    value.or_else(|| match item.kind() {
        "hash_entry" => {
            let last = item.named_child_count().saturating_sub(1);
            item.named_child(u32::try_from(last).unwrap_or(u32::MAX))
        }
        "shorthand_property_identifier" => None,
        _ => Some(item),
    })
}

fn key(finder: &Finder<'_>, item: Node<'_>) -> String {
    let key = item
        .child_by_field_name("key")
        .or_else(|| item.named_child(0));
    let text = key.map(|k| finder.text(k.start_byte(), k.end_byte()));
    text.unwrap_or_default()
        .trim_matches(['"', '\''])
        .to_owned()
}

/// Whether reading the value does nothing that another value could see: no call, no assignment.
fn is_quiet(finder: &Finder<'_>, value: Node<'_>) -> bool {
    let mut quiet = true;
    walk(value, |node| {
        let acts = match node.kind() {
            "call" | "call_expression" | "new_expression" => {
                let function = node.child_by_field_name("function");
                let name = function
                    .map(|f| finder.text(f.start_byte(), f.end_byte()))
                    .unwrap_or_default();
                let of_numbers = name == "JSON.stringify";
                !(PURE.contains(&name) || of_numbers)
            }
            "await"
            | "await_expression"
            | "yield"
            | "named_expression"
            | "assignment_expression"
            | "update_expression"
            | "invokation_expression"
            | "command"
            | "sub_expression"
            | "spread_element"
            | "dictionary_splat"
            | "lambda" => true,
            _ => false,
        };
        quiet &= !acts;
        quiet
    });
    quiet
}
