//! HTML to text: tags fall away, entities become characters, blocks become lines.

/// Whether a text looks like a page or a part of one.
pub(super) fn is_html(file_name: &str, raw: &str) -> bool {
    let name = file_name.to_ascii_lowercase();
    if name.ends_with(".html") || name.ends_with(".htm") || name.ends_with(".xhtml") {
        return true;
    }
    let start: String = raw
        .trim_start()
        .chars()
        .take(64)
        .collect::<String>()
        .to_ascii_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return true;
    }
    let tags = [
        "</p>", "</div>", "<br", "</li>", "</span>", "</a>", "</code>", "</h2>",
    ];
    let seen: usize = tags.iter().map(|t| raw.matches(t).take(4).count()).sum();
    seen >= 4 && start.starts_with('<')
}

/// The text that a reader of the page sees.
pub(super) fn to_text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('&') {
            let (shown, used) = entity(rest);
            out.push_str(&shown);
            rest = &rest[used..];
            continue;
        }
        if rest.starts_with("<!--") {
            rest = rest.find("-->").map_or("", |p| &rest[p + 3..]);
            continue;
        }
        let next = rest[1..].chars().next();
        if !next.is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
            out.push('<');
            rest = &rest[1..];
            continue;
        }
        let Some(end) = tag_end(rest) else {
            out.push('<');
            rest = &rest[1..];
            continue;
        };
        let tag = &rest[1..end];
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric())
            .take(16)
            .collect::<String>()
            .to_ascii_lowercase();
        rest = &rest[end + 1..];
        match name.as_str() {
            "script" | "style" if !tag.starts_with('/') => {
                let close = format!("</{name}");
                let at = rest
                    .char_indices()
                    .map(|(i, _)| i)
                    .find(|i| {
                        rest.get(*i..*i + close.len())
                            .is_some_and(|s| s.eq_ignore_ascii_case(&close))
                    })
                    .unwrap_or(rest.len());
                rest = &rest[at..];
            }
            "b" | "i" | "em" | "strong" | "a" | "code" | "span" | "u" | "s" | "sub" | "sup"
            | "kbd" | "tt" | "font" | "mark" | "wbr" | "abbr" | "small" | "q" | "cite" | "var"
            | "samp" => {}
            _ => out.push('\n'),
        }
    }
    out.push_str(rest);
    out
}

/// The `>` that ends a tag, quotes respected; tags are short.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate().take(1 << 16) {
        match (quote, byte) {
            (Some(q), b) if q == b => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') if at > 0 && tag.as_bytes().get(at - 1) == Some(&b'=') => {
                quote = Some(byte);
            }
            (None, b'>') => return Some(at),
            // A tag holds no other: and so no page makes this scan long again and again.
            (None, b'<') if at > 0 => return None,
            _ => {}
        }
    }
    None
}

/// What an entity at the start of `rest` shows, and its bytes.
fn entity(rest: &str) -> (String, usize) {
    let plain = ("&".to_owned(), 1);
    let Some(end) = rest.bytes().take(12).position(|b| b == b';') else {
        return plain;
    };
    let Some(name) = rest.get(1..end) else {
        return plain;
    };
    let shown = match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" | "lsquo" | "rsquo" => "'",
        "ldquo" | "rdquo" | "laquo" | "raquo" => "\"",
        "nbsp" | "ensp" | "emsp" | "thinsp" => " ",
        "ndash" | "mdash" | "minus" => "-",
        "hellip" => "...",
        "shy" | "zwj" | "zwnj" => "",
        "bull" | "middot" => "*",
        "times" => "x",
        "copy" => "(c)",
        _ => {
            let code = match name.strip_prefix('#') {
                Some(hex) if hex.starts_with(['x', 'X']) => u32::from_str_radix(&hex[1..], 16).ok(),
                Some(decimal) => decimal.parse().ok(),
                None => None,
            };
            return match code.and_then(char::from_u32) {
                Some(c) => (c.to_string(), end + 1),
                None => plain,
            };
        }
    };
    (shown.to_owned(), end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_becomes_what_its_reader_sees() {
        let page = "<!DOCTYPE html><html><style>p{}</style><p class=\"a>b\">It&rsquo;s <b>vuln</b>erable &#x26; a < b</p><!-- x --><p>Next";
        assert!(is_html("x", page));
        assert_eq!(
            to_text(page).split_whitespace().collect::<Vec<_>>(),
            ["It's", "vulnerable", "&", "a", "<", "b", "Next"]
        );
    }
}
