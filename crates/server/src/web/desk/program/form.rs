//! What a form sent: its fields, and its files.

use std::collections::BTreeMap;

use axum::extract::multipart::MultipartError;

use crate::Problem;
use crate::extract::Multipart;

/// Fields that are read of one form.
const FIELDS_MAX: usize = 100;
/// Bytes of a file's name that are kept.
const NAME_BYTES_MAX: usize = 200;

/// The fields of a form without files, by name.
pub type Fields = BTreeMap<String, String>;

/// A field without white space around it; empty when it was not sent.
pub fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map_or("", |value| value.trim())
}

/// What a form with files sent.
#[derive(Debug, Default)]
pub struct Sent {
    /// Its fields, by name.
    pub fields: Fields,
    /// Its files that have a name or bytes, in order.
    pub files: Vec<SentFile>,
}

/// One file.
#[derive(Debug)]
pub struct SentFile {
    /// The name without folders.
    pub name: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Reads a form with files.
///
/// # Errors
/// A body over the limit, or one that is no form.
pub async fn sent(mut form: Multipart) -> Result<Sent, Problem> {
    let mut sent = Sent::default();
    for _ in 0..FIELDS_MAX {
        let Some(part) = form.next_field().await.map_err(|error| broken(&error))? else {
            return Ok(sent);
        };
        let field = part.name().unwrap_or_default().to_owned();
        let Some(name) = part.file_name().map(own_name) else {
            let text = part.text().await.map_err(|error| broken(&error))?;
            sent.fields.insert(field, text);
            continue;
        };
        let bytes = part.bytes().await.map_err(|error| broken(&error))?.to_vec();
        // A browser sends a file field that was left empty as a file without a name.
        if !name.is_empty() || !bytes.is_empty() {
            sent.files.push(SentFile { name, bytes });
        }
    }
    Err(Problem::input("form", "the form has too many fields"))
}

/// A file's name without the folders that some programs send.
fn own_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut end = last.len().min(NAME_BYTES_MAX);
    while !last.is_char_boundary(end) {
        end -= 1;
    }
    last.get(..end)
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .collect()
}

fn broken(error: &MultipartError) -> Problem {
    let status = error.status().as_u16();
    Problem::new(status, "form", "what was sent cannot be read as a form")
        .hint("send it again; files of one form may have 40 MiB together")
}

#[cfg(test)]
mod tests {
    use super::own_name;

    #[test]
    fn a_files_name_loses_its_folders_and_control_characters() {
        assert_eq!(own_name("C:\\leaks\\a\u{7}b.txt"), "ab.txt");
        assert_eq!(own_name("../../etc/x"), "x");
        assert_eq!(own_name(&"é".repeat(300)).len(), 200);
    }
}
