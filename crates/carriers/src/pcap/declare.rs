//! Making a master of a capture.

use super::file::File;
use super::{COMMENT_BYTES_MAX, CaptureError};

/// The capture as pcapng with these directives in its section comment: `payload {~…~}`, `header isn port`.
///
/// A classic capture is converted: its packets, times and link type stay as they are.
///
/// # Errors
/// [`CaptureError`] when the bytes are no capture, or the comment would be too long.
/// Whether the directives hold is told by [`crate::Master::parse`].
pub fn declare(bytes: &[u8], directives: &[&str]) -> Result<Vec<u8>, CaptureError> {
    let mut file = File::read(bytes)?;
    let lines: Vec<String> = directives
        .iter()
        .map(|d| {
            let text = d.trim().trim_start_matches("#~").trim();
            format!("#~ {}", text.replace(['\r', '\n'], " "))
        })
        .collect();
    let comment = lines.join("\n");
    if comment.len() > COMMENT_BYTES_MAX {
        let max = COMMENT_BYTES_MAX;
        return Err(CaptureError::CommentTooLong {
            bytes: comment.len(),
            max,
        });
    }
    file.add_comment(&comment)?;
    Ok(file.write())
}
