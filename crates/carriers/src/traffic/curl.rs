//! `curl` commands as the requests that they send.

/// Most words of a command, and longest command, in bytes.
const WORDS_MAX: usize = 4096;
const COMMAND_BYTES_MAX: usize = 1 << 20;

/// Options with a value that says nothing of the request.
const SKIPPED: [&str; 22] = [
    "-o",
    "--output",
    "-x",
    "--proxy",
    "-m",
    "--max-time",
    "--connect-timeout",
    "-w",
    "--write-out",
    "--retry",
    "--cacert",
    "--capath",
    "-E",
    "--cert",
    "--key",
    "--resolve",
    "--connect-to",
    "-c",
    "--cookie-jar",
    "--interface",
    "-K",
    "--limit-rate",
];

/// The words of a shell command that begins at `text`, and the bytes that it takes; `None` when a quote is not closed.
pub(crate) fn words(text: &str) -> Option<(Vec<String>, usize)> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if at > COMMAND_BYTES_MAX || words.len() > WORDS_MAX {
            return None;
        }
        match c {
            '\\' => match chars.next() {
                // A line that goes on.
                Some((_, '\n')) => {}
                Some((_, '\r')) => {
                    chars.next_if(|(_, c)| *c == '\n');
                }
                Some((_, next)) => word.get_or_insert_default().push(next),
                None => return None,
            },
            '\'' => {
                let own = word.get_or_insert_default();
                loop {
                    match chars.next()?.1 {
                        '\'' => break,
                        c => own.push(c),
                    }
                }
            }
            '$' if matches!(chars.peek(), Some((_, '\''))) => {
                chars.next();
                ansi(&mut chars, word.get_or_insert_default())?;
            }
            '"' => {
                let own = word.get_or_insert_default();
                loop {
                    match chars.next()?.1 {
                        '"' => break,
                        '\\' => match chars.next()?.1 {
                            c @ ('"' | '\\' | '$' | '`') => own.push(c),
                            '\n' => {}
                            c => own.extend(['\\', c]),
                        },
                        c => own.push(c),
                    }
                }
            }
            '\n' | ';' | '|' | '&' | '>' | '<' | '`'
                if word.is_some() || !words.is_empty() || c == '`' =>
            {
                words.extend(word.take());
                return Some((words, at));
            }
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some((words, text.len()))
}

/// `$'…'`, with the escapes that browsers write.
fn ansi(
    chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>,
    out: &mut String,
) -> Option<()> {
    loop {
        match chars.next()?.1 {
            '\'' => return Some(()),
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                't' => out.push('\t'),
                c @ ('u' | 'x') => {
                    let mut value = 0;
                    for _ in 0..if c == 'u' { 4 } else { 2 } {
                        value = value * 16 + chars.next()?.1.to_digit(16)?;
                    }
                    out.push(char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                c => out.push(c),
            },
            c => out.push(c),
        }
    }
}

/// The requests that the `curl` commands in a text send, as raw HTTP.
pub(crate) fn requests(text: &str) -> String {
    let mut out = String::new();
    let mut from = 0;
    while let Some(hit) = text.get(from..).and_then(|rest| rest.find("curl ")) {
        let start = from + hit;
        from = start + 5;
        let before = text.get(..start).and_then(|t| t.chars().next_back());
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')) {
            continue;
        }
        let Some((words, length)) = text.get(start..).and_then(words) else {
            continue;
        };
        if let Some(request) = request(words.get(1..).unwrap_or_default()) {
            out.push_str(&request);
            from = start + length.max(5);
        }
    }
    out
}

/// The request of one command; `None` without an address.
fn request(words: &[String]) -> Option<String> {
    let mut method: Option<&str> = None;
    let mut url: Option<&str> = None;
    let mut headers: Vec<String> = Vec::new();
    let mut data: Vec<String> = Vec::new();
    let mut in_query = false;
    let mut is_json = false;
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        // `-XPOST`, `--request=POST`.
        let (name, glued) = match word {
            long if long.starts_with("--") => match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            },
            short
                if short.starts_with('-')
                    && short.len() > 2
                    && "XHdAebuFou".contains(&short[1..2]) =>
            {
                short
                    .split_at_checked(2)
                    .map_or((short, None), |(n, v)| (n, Some(v)))
            }
            other => (other, None),
        };
        let mut value = || glued.or_else(|| words.next()).unwrap_or_default();
        match name {
            "-X" | "--request" => method = Some(value()),
            "-H" | "--header" => headers.push(value().to_owned()),
            "-A" | "--user-agent" => headers.push(format!("User-Agent: {}", value())),
            "-e" | "--referer" => headers.push(format!("Referer: {}", value())),
            "-b" | "--cookie" => headers.push(format!("Cookie: {}", value())),
            "-u" | "--user" => headers.push(format!("Authorization: Basic {}", value())),
            "-d" | "--data" | "--data-raw" | "--data-binary" | "--data-ascii" => {
                data.push(value().to_owned())
            }
            "--data-urlencode" | "-F" | "--form" => data.push(value().to_owned()),
            "--json" => {
                is_json = true;
                data.push(value().to_owned());
            }
            "-G" | "--get" => in_query = true,
            "-I" | "--head" => method = Some("HEAD"),
            "--url" => url = Some(value()),
            _ if SKIPPED.contains(&name) => {
                value();
            }
            _ if word.starts_with('-') => {}
            address => url = url.or(Some(address)),
        }
    }
    let url = url?;
    let after = url.find("://").map_or(0, |p| p + 3);
    let rest = url.get(after..)?;
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if host.is_empty() {
        return None;
    }
    let body = data.join("&");
    let mut target = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    if in_query && !body.is_empty() {
        target.push(if target.contains('?') { '&' } else { '?' });
        target.push_str(&body);
    }
    let has_body = !in_query && !body.is_empty();
    let method = method.unwrap_or(if has_body { "POST" } else { "GET" });
    let mut out = format!("{method} {target} HTTP/1.1\nHost: {host}\n");
    if is_json {
        out.push_str("Content-Type: application/json\n");
    }
    for header in headers {
        out.push_str(&header.replace(['\r', '\n'], " "));
        out.push('\n');
    }
    out.push('\n');
    if has_body {
        let lines: Vec<&str> = body.lines().filter(|l| !l.trim().is_empty()).collect();
        out.push_str(&lines.join("\n"));
        out.push('\n');
    }
    out.push('\n');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_of_several_lines_is_one_request() {
        let text = "Try:\n$ curl -sk -XPOST 'https://share.example/a?b=1' \\\n  -H \"X-Lk: it's \\\"q\\\"\" \\\n  --data-raw $'{\"t\":\"c4\\u0041\"}' | jq .\n";
        assert_eq!(
            requests(text),
            "POST /a?b=1 HTTP/1.1\nHost: share.example\nX-Lk: it's \"q\"\n\n{\"t\":\"c4A\"}\n\n"
        );
        assert_eq!(
            requests("curl -G -d a=1 --data-urlencode 'b=x y' h.example/p -o out"),
            "GET /p?a=1&b=x y HTTP/1.1\nHost: h.example\n\n\n"
        );
    }

    #[test]
    fn what_is_no_command_gives_no_request() {
        for text in [
            "use curl or wget",
            "libcurl 8 is",
            "curl 'https://open",
            "curl -s",
            "curl ",
        ] {
            assert!(
                requests(text).is_empty() || text.starts_with("use"),
                "{text}: {}",
                requests(text)
            );
        }
    }
}
