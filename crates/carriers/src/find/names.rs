//! Names by which requests and copies of a program or rule are known.

use super::grams::is_common;
use crate::text;

/// Whether a word is one that any text, program or request has.
pub(crate) fn is_plain(word: &str) -> bool {
    is_common(word) || PLAIN_CONTEXT.contains(&format!(" {} ", word.to_lowercase()))
}

/// Words that any request has.
const PLAIN_CONTEXT: &str = " accept admin agent alert allow any api apache application array auth authorization base bearer bytes cache charset \
chrome class client close code config connection content control cookie data default deflate delete description \
encode encoding established false file files firefox flow form format frame from gecko gzip hash head header headers home host html http https image \
import index info item items json keep khtml length level linux local localhost login main message metadata method mozilla multipart name none \
null object options origin page param params parse pass password path phpsessid plain port post print print_function proto \
query read refer referer request requests response result return root safari script security self send server session \
sessionid sid source status string style system test text timeout title token true type update upload url urlencoded user user_agent username utf_8 \
value values version webkit windows with write www xhtml xml year python python3 import_ lambda while break continue except raise \
file_data to_server nocase classtype reference external_net home_net http_uri http_method distance within depth offset rev msg pcre detection selection condition logsource \
category product falsepositives webserver tags ";

/// Where names are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A program or a rule: a name in quotes, before `=`, or after `?` or `&` is a key.
    Master,
    /// Requests, one field a line: what stands before the first colon is a key.
    Wire,
    /// Text: only names that no sentence has.
    Text,
}

/// Names that a program or rule shows on the wire or in another copy of it, each with its hash:
/// pairs of path segments, names with `_`, names of headers, keys of parameters.
pub(crate) fn context_tokens(normal: &str, source: Source) -> Vec<(u32, String)> {
    let mut out = Vec::new();
    let belongs = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
    for line in normal.lines() {
        for chunk in line.split(|c: char| !belongs(c)) {
            if (3..=256).contains(&chunk.len()) {
                push_chunk(chunk.trim_matches(['.', '-']), &mut out);
            }
        }
        push_keys(line, source, &mut out);
    }
    out
}

fn push_chunk(chunk: &str, out: &mut Vec<(u32, String)>) {
    if chunk.contains('/') {
        let skip = usize::from(chunk.starts_with("//"));
        let segments: Vec<&str> = chunk
            .split('/')
            .filter(|s| !s.is_empty())
            .skip(skip)
            .collect();
        let is_path = chunk.starts_with('/') || segments.len() >= 3;
        for pair in segments.windows(2).filter(|_| is_path) {
            push_context(&format!("{}/{}", pair[0], pair[1]), out);
        }
        return;
    }
    let parts = chunk.split(['-', '_']).count();
    let header =
        chunk.contains('-') && (parts >= 3 || chunk.starts_with("x-") || chunk.starts_with("X-"));
    if chunk.trim_matches('_').contains('_') || header {
        push_context(chunk, out);
    }
}

/// Keys of one line, as the source writes them.
fn push_keys(line: &str, source: Source, out: &mut Vec<(u32, String)>) {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let mut push = |key: &str| {
        let bare = key.to_lowercase().replace('-', "_");
        if bare.len() >= 4
            && !is_plain(&bare)
            && bare.chars().all(|c| c == '_' || c.is_alphabetic())
        {
            out.push((text::hash_of(&format!("key {bare}")) as u32, bare));
        }
    };
    match source {
        Source::Text => {}
        Source::Wire => {
            if let Some((key, _)) = line.split_once(':') {
                push(key.trim());
            }
        }
        Source::Master => {
            let mut at = 0;
            while let Some(p) = line.get(at..).and_then(|r| r.find(is_part)) {
                let start = at + p;
                let rest = &line[start..];
                let end = start + rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                at = end;
                let before = line[..start].chars().next_back();
                let after = line[end..]
                    .trim_start_matches(['"', '\'', ' '])
                    .chars()
                    .next();
                let quoted = matches!(before, Some('"' | '\''))
                    && matches!(line[end..].chars().next(), Some('"' | '\''));
                let assigned = matches!(after, Some('=' | ':'));
                if matches!(before, Some('?' | '&'))
                    || (quoted && assigned)
                    || (assigned && matches!(before, Some('(' | ',')))
                {
                    push(&line[start..end]);
                }
            }
        }
    }
}

fn push_context(token: &str, out: &mut Vec<(u32, String)>) {
    let lower = token.to_lowercase().replace('-', "_");
    let bare = lower.trim_matches(['_', '.']);
    let digits = bare.bytes().filter(u8::is_ascii_digit).count();
    let only_hex = bare.bytes().all(|b| b.is_ascii_hexdigit() || b == b'_');
    let plain = bare
        .split(['_', '/', '.'])
        .all(|p| p.len() < 3 || is_plain(p));
    if bare.len() < 5 || plain || only_hex || 2 * digits > bare.len() {
        return;
    }
    out.push((
        text::hash_of(&format!("context {bare}")) as u32,
        bare.to_owned(),
    ));
}
