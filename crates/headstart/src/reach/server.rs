//! A program's server, asked over its API with a token.

use std::time::Duration;

use desk::{Class, Failure};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use server::Problem;
use server::wire::{Begun, IDEMPOTENCY_KEY, Job, LIMIT_MAX, Slice};
use witness::{Http, HttpError, Reply, Sent, UrlError, WitnessUrl};
use zeroize::Zeroizing;

use crate::commands::{Context, read_file};
use crate::output::Output;

/// How long one answer may take; the server itself gives up after 60 s.
const DEADLINE: Duration = Duration::from_secs(90);
/// Largest answer, in bytes: a package in base64, with its proofs.
const ANSWER_BYTES_MAX: usize = 400 << 20;
/// Largest file of a token.
const TOKEN_BYTES_MAX: u64 = 4096;
/// What every token begins with.
const TOKEN_PREFIX: &str = "hst_";
/// How often a job is looked at.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(300);
/// How often a server that is still answering the first request is asked again, twice a second.
const GOING_ON_MAX: u32 = 120;

/// A server, and the token that is sent to it.
pub struct Server {
    http: Http,
    url: WitnessUrl,
    authorization: Zeroizing<String>,
}

/// How a request is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    /// It changes nothing, or has a key by which it happens once: when the connection is lost it is sent once more.
    Once,
    /// What it does again would be done again.
    Never,
}

impl Server {
    /// The server of `--server`, if one was named.
    ///
    /// # Errors
    /// Exit class 2: an address that is none or that anybody on the way could read, or no token.
    pub fn named(context: &Context) -> Result<Option<Self>, Failure> {
        let Some(text) = context.server() else {
            return Ok(None);
        };
        if context.now()?.is_some() {
            return Err(Failure::usage("now", "a server has a clock of its own")
                .hint("leave out --now: it moves the test clock of a data directory"));
        }
        let url = address(text)?;
        let path = context.token_file().ok_or_else(|| {
            Failure::usage("no-token", "a server is asked with a token")
                .hint("make one in the browser under your name, write it into a file that only you can read, and give --token-file FILE or set HEADSTART_TOKEN_FILE")
        })?;
        let bytes = Zeroizing::new(read_file(path, TOKEN_BYTES_MAX)?);
        let token = std::str::from_utf8(&bytes).unwrap_or_default().trim();
        let is_token =
            token.starts_with(TOKEN_PREFIX) && token.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_token {
            return Err(
                Failure::usage("token", format!("`{}` holds no token", path.display()))
                    .hint("the file holds one line, hst_…, and nothing else"),
            );
        }
        Ok(Some(Self {
            http: Http::new(DEADLINE),
            authorization: Zeroizing::new(format!("Bearer {token}")),
            url,
        }))
    }

    /// Its address.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Asks for something.
    ///
    /// # Errors
    /// What the server said, in the class that its status means; exit class 4 without an answer.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let reply = self.send("GET", path, None, None, Again::Once).await?;
        read(&reply)
    }

    /// Asks for a file.
    ///
    /// # Errors
    /// As [`Server::get`].
    pub async fn bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let reply = self.send("GET", path, None, None, Again::Once).await?;
        Ok(reply.body)
    }

    /// A whole list, page by page.
    ///
    /// # Errors
    /// As [`Server::get`].
    pub async fn all<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Failure> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        let mark = if path.contains('?') { '&' } else { '?' };
        loop {
            let page = format!("{path}{mark}limit={LIMIT_MAX}{cursor}");
            let slice: Slice<T> = self.get(&page).await?;
            let is_empty = slice.items.is_empty();
            all.extend(slice.items);
            match slice.next {
                Some(next) if !is_empty => cursor = format!("&cursor={}", encoded(&next)),
                _ => return Ok(all),
            }
        }
    }

    /// Has something done once, whatever becomes of the connection.
    ///
    /// # Errors
    /// As [`Server::get`].
    pub async fn post<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, Failure> {
        let key = new_key()?;
        let body = written(body)?;
        let reply = self
            .send("POST", path, Some(&body), Some(&key), Again::Once)
            .await?;
        read(&reply)
    }

    /// Has a file made.
    ///
    /// # Errors
    /// As [`Server::get`].
    pub async fn post_for_bytes<B: Serialize>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<Vec<u8>, Failure> {
        let body = written(body)?;
        let reply = self
            .send("POST", path, Some(&body), None, Again::Once)
            .await?;
        Ok(reply.body)
    }

    /// Has something changed; the same change again is no other.
    ///
    /// # Errors
    /// As [`Server::get`].
    pub async fn patch<B: Serialize, T: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, Failure> {
        let body = written(body)?;
        let reply = self
            .send("PATCH", path, Some(&body), None, Again::Once)
            .await?;
        read(&reply)
    }

    /// Has something done that would be done again if it were sent again.
    ///
    /// # Errors
    /// As [`Server::get`].
    pub async fn post_never_again<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let reply = self.send("POST", path, None, None, Again::Never).await?;
        read(&reply)
    }

    /// Begins a long work, and shows on a terminal how far it is until it has ended.
    ///
    /// # Errors
    /// As [`Server::get`], and why the work failed; one that failed with an answer is answered.
    pub async fn work<B: Serialize>(
        &self,
        path: &str,
        body: &B,
        output: &Output,
    ) -> Result<Job, Failure> {
        let begun: Begun = self.post(path, body).await?;
        let mut shown = String::new();
        loop {
            let job: Job = self.get(&format!("/api/v1/jobs/{}", begun.job)).await?;
            if job.state == "going" {
                let percent = job.share.map(|share| format!("{:.0} %  ", share * 100.0));
                let step = format!("{}{}", percent.unwrap_or_default(), job.step);
                if output.is_alive() && step != shown {
                    eprintln!("{step}");
                    shown = step;
                }
                tokio::time::sleep(LOOKED_AT_EVERY).await;
                continue;
            }
            return match job.problem {
                Some(problem) if job.answer.is_none() => Err(failure(problem)),
                _ => Ok(job),
            };
        }
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&[u8]>,
        key: Option<&str>,
        again: Again,
    ) -> Result<Reply, Failure> {
        let url = format!("{}{path}", self.url);
        let mut headers = vec![
            ("accept", "application/json"),
            ("authorization", self.authorization.as_str()),
        ];
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        headers.extend(key.map(|key| (IDEMPOTENCY_KEY, key)));
        let sent = Sent {
            method,
            url: &url,
            headers: &headers,
            body: body.unwrap_or_default(),
        };
        let mut reply = self.http.send(&sent, ANSWER_BYTES_MAX).await;
        if reply.is_err() && again == Again::Once {
            reply = self.http.send(&sent, ANSWER_BYTES_MAX).await;
        }
        let mut reply = reply.map_err(|error| unreachable(&self.url, &error))?;
        for _ in 0..GOING_ON_MAX {
            // The first request with this key arrived, though its answer was lost: the answer to it is waited for.
            if key.is_none() || reply.status != 409 || code_of(&reply) != "going-on" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
            let next = self.http.send(&sent, ANSWER_BYTES_MAX).await;
            reply = next.map_err(|error| unreachable(&self.url, &error))?;
        }
        match reply.status {
            200..300 => Ok(reply),
            _ => Err(refused(&self.url, &reply)),
        }
    }
}

/// An address to which a token may be sent.
fn address(text: &str) -> Result<WitnessUrl, Failure> {
    let url = WitnessUrl::parse(text.trim()).map_err(|error| match error {
        UrlError::WithoutTls => Failure::usage("no-tls", "this build cannot reach https://…")
            .hint("build it with the feature `tls`, or give the http:// address of a tunnel on this machine, such as `ssh -L`"),
        error => Failure::usage("server", error.to_string().replace("of a witness", "of a server"))
            .hint("give scheme, host and port, such as https://desk.example"),
    })?;
    if !url.is_https() && !url.is_loopback() {
        return Err(Failure::usage(
            "not-https",
            "a token is sent by https alone, except to this machine",
        )
        .hint("give an https:// address"));
    }
    Ok(url)
}

/// A key by which a request happens once.
fn new_key() -> Result<String, Failure> {
    let random = desk::random()?;
    Ok(random[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

fn written<B: Serialize>(body: &B) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(body).map_err(|error| Failure::machine("request", error.to_string()))
}

/// An answer's JSON. What a server says goes to a terminal: nothing in it may move the cursor.
fn read<T: DeserializeOwned>(reply: &Reply) -> Result<T, Failure> {
    if reply.body.is_empty() {
        return serde_json::from_value(Value::Null).map_err(|_| other_answer());
    }
    let mut value: Value = serde_json::from_slice(&reply.body).map_err(|_| other_answer())?;
    clean(&mut value);
    serde_json::from_value(value).map_err(|_| other_answer())
}

fn clean(value: &mut Value) {
    match value {
        Value::String(text) => text.retain(|character| !is_unsafe(character)),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(fields) => fields.values_mut().for_each(clean),
        _ => {}
    }
}

fn is_unsafe(character: char) -> bool {
    character.is_control() && character != '\n' && character != '\t'
}

fn other_answer() -> Failure {
    Failure::machine("answer", "the server's answer is not what was asked for")
        .hint("check the address, and that both sides are of the same version")
}

fn unreachable(url: &WitnessUrl, error: &HttpError) -> Failure {
    Failure::machine("unreachable", format!("`{url}`: {error}"))
        .hint("check the address, and that the server runs; it may be that it did what was asked: look before you ask again")
}

fn problem_of(reply: &Reply) -> Option<Problem> {
    let mut value: Value = serde_json::from_slice(&reply.body).ok()?;
    clean(&mut value);
    serde_json::from_value(value).ok()
}

fn code_of(reply: &Reply) -> String {
    problem_of(reply)
        .map(|problem| problem.code)
        .unwrap_or_default()
}

fn refused(url: &WitnessUrl, reply: &Reply) -> Failure {
    let Some(problem) = problem_of(reply) else {
        return Failure::machine(
            "answer",
            format!("`{url}` answers {} and does not say why", reply.status),
        )
        .hint("check the address: is it headstart that answers there?");
    };
    failure(problem)
}

/// A problem as a failure, in the class that its status means.
pub fn failure(problem: Problem) -> Failure {
    let hint = match problem.code.as_str() {
        "sign-in" => Some("the token is unknown, ended or revoked: make another under your name".to_owned()),
        "nothing-here" => Some(
            "it is not there, or not for this token: look at its scopes, and at what its owner may do".to_owned(),
        ),
        _ => problem.hint,
    };
    Failure {
        class: class(problem.status, &problem.code),
        code: problem.code,
        message: problem.title,
        hint,
    }
}

fn class(status: u16, code: &str) -> Class {
    match (status, code) {
        (401 | 403, _) => Class::NotAllowed,
        // What is missing can be put there: it is no answer to a question.
        (409, "not-planned" | "locked") => Class::Usage,
        (409, _) => Class::No,
        (400..429, _) => Class::Usage,
        _ => Class::Machine,
    }
}

/// A part of a path or a query.
pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_by_https_or_to_this_machine() {
        for good in [
            "http://localhost:8080",
            "http://127.0.0.1:8080/",
            "http://[::1]:8080",
        ] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in [
            "http://desk.example",
            "http://127.0.0.1.example",
            "http://localhost.example",
            "http://user:secret@localhost",
            "ftp://localhost",
            "localhost",
        ] {
            let failure = address(bad).unwrap_err();
            assert_eq!(failure.class, Class::Usage, "{bad}");
            assert!(!failure.message.contains("secret"), "{failure:?}");
        }
    }

    #[test]
    fn statuses_are_the_exit_codes_that_they_mean() {
        for (status, code, expected) in [
            (401, "sign-in", 3),
            (403, "embargo", 3),
            (404, "nothing-here", 2),
            (409, "no-case", 1),
            (409, "not-planned", 2),
            (413, "too-large", 2),
            (422, "title", 2),
            (429, "too-fast", 4),
            (500, "panic", 4),
            (503, "machine", 4),
        ] {
            assert_eq!(class(status, code) as u8, expected, "{status} {code}");
        }
    }

    #[test]
    fn what_a_server_says_moves_no_cursor() {
        let mut value = serde_json::json!({"a": ["one\u{1b}[2J\ntwo"]});
        clean(&mut value);
        assert_eq!(value, serde_json::json!({"a": ["one[2J\ntwo"]}));
    }
}
