//! Mails: subject, texts and attachments.

use mail_parser::{MessageParser, MimeHeaders as _, PartType};

use crate::Why;
use crate::limits::MAIL_PARTS_MAX;

/// A mail in its pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mail {
    /// Subject and texts, in order.
    pub text: String,
    /// The parts in HTML that have no plain twin.
    pub pages: Vec<String>,
    /// Name and bytes of what is attached.
    pub attachments: Vec<(String, Vec<u8>)>,
}

/// Reads a mail.
///
/// # Errors
/// [`Why`] it is none, or has too many parts.
pub fn mail(bytes: &[u8]) -> Result<Mail, Why> {
    let message = MessageParser::default()
        .parse(bytes)
        .ok_or_else(|| Why::damaged("a mail", "it has no headers"))?;
    if message.parts.len() > MAIL_PARTS_MAX {
        return Err(Why::limit(
            "the number of its parts",
            "MAIL_PARTS_MAX",
            MAIL_PARTS_MAX as u64,
        ));
    }
    let mut out = Mail::default();
    if let Some(subject) = message.subject() {
        out.text.push_str(subject);
        out.text.push_str("\n\n");
    }
    let is_body = |at: usize, body: &[u32]| body.iter().any(|id| *id as usize == at);
    for (at, part) in message.parts.iter().enumerate() {
        let is_text_body = is_body(at, &message.text_body);
        let is_attached = is_body(at, &message.attachments);
        let name = part
            .attachment_name()
            .map_or_else(|| format!("part-{at}"), str::to_owned);
        match &part.body {
            PartType::Text(text) if is_attached && !is_text_body => {
                out.attachments.push((name, text.as_bytes().to_vec()));
            }
            PartType::Text(text) => {
                out.text.push_str(text);
                out.text.push_str("\n\n");
            }
            // A page beside a plain text says the same again.
            PartType::Html(page) if is_text_body => out.pages.push(page.to_string()),
            PartType::Html(page) if is_attached => {
                out.attachments.push((name, page.as_bytes().to_vec()));
            }
            PartType::Html(_) | PartType::Multipart(_) => {}
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                out.attachments.push((name, bytes.to_vec()));
            }
            PartType::Message(inner) => {
                let name = format!("{name}.eml");
                out.attachments.push((name, inner.raw_message.to_vec()));
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "From: a@example.org\r\nSubject: =?utf-8?q?a_ticket?=\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\nThe render=\r\n worker\r\n--x\r\n\
        Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"poc.py\"\r\n\
        Content-Transfer-Encoding: base64\r\n\r\ncHJpbnQoMSkK\r\n--x--\r\n";

    #[test]
    fn texts_and_attachments_are_decoded() {
        let mail = mail(MAIL.as_bytes()).unwrap();
        assert_eq!(
            mail.text.split_whitespace().collect::<Vec<_>>(),
            ["a", "ticket", "The", "render", "worker"]
        );
        assert_eq!(
            mail.attachments,
            [("poc.py".to_owned(), b"print(1)\n".to_vec())]
        );
    }

    #[test]
    fn a_mail_of_thousands_of_parts_is_refused_by_its_limit() {
        let mut raw =
            "From: a@example.org\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n".to_owned();
        raw += &"--x\r\n\r\na\r\n".repeat(MAIL_PARTS_MAX + 1);
        let why = mail(raw.as_bytes()).unwrap_err();
        assert!(why.to_string().contains("MAIL_PARTS_MAX"), "{why}");
    }
}
