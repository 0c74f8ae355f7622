//! What went wrong, as RFC 9457 problem details: one place for all of HTTP.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use desk::{Class, Failure};
use domain::open::PartnerView;
use serde::{Deserialize, Serialize};

/// A problem with a stable code, one line for people, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// `urn:headstart:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status.
    pub status: u16,
    /// A stable word for programs, such as `embargo` or `unknown-case`.
    pub code: String,
    /// One line, lowercase, no full stop.
    pub title: String,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What a browser is told beside it.
    #[serde(skip)]
    pub aside: Option<Box<Aside>>,
}

/// What a browser is told beside a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aside {
    /// It is sent to another path instead of being shown the problem.
    Go(String),
    /// It may try again after so many seconds.
    RetryAfter(u64),
}

impl Problem {
    /// A problem.
    pub fn new(status: u16, code: &str, title: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:headstart:{code}"),
            status,
            code: code.to_owned(),
            title: title.into(),
            hint: None,
            aside: None,
        }
    }

    /// Something of the machine that failed.
    pub fn machine(title: impl Into<String>) -> Self {
        Self::new(503, "machine", title).hint("try again in a moment; the log says what failed")
    }

    /// What everybody is told of what is not there, or not for them: the same words for both.
    pub fn nothing_here() -> Self {
        Self::of_partner(PartnerView {
            code: "nothing-here".to_owned(),
            text: "there is nothing here for you".to_owned(),
        })
    }

    /// What a partner may be told of a denial.
    pub fn of_partner(view: PartnerView) -> Self {
        let status = if view.code == "nothing-here" {
            404
        } else {
            403
        };
        Self::new(status, &view.code, view.text)
    }

    /// Input that cannot be used.
    pub fn input(code: &str, title: impl Into<String>) -> Self {
        Self::new(422, code, title)
    }

    /// Adds what a browser is told beside it.
    #[must_use]
    pub(crate) fn aside(mut self, aside: Aside) -> Self {
        self.aside = Some(Box::new(aside));
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Codes of failures whose words name files and what the database said.
const INTERNAL: [&str; 4] = [
    "store",
    "unreadable-file",
    "unwritable-file",
    "broken-log-key",
];

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let status = match failure.class {
            Class::Usage
                if failure.code.starts_with("unknown-") || failure.code.starts_with("no-such") =>
            {
                404
            }
            Class::Usage => 422,
            Class::No => 409,
            Class::NotAllowed => 403,
            Class::Machine => 503,
        };
        if failure.class == Class::Machine {
            tracing::error!(code = %failure.code, "{}", failure.message);
            if INTERNAL.contains(&failure.code.as_str()) {
                // Paths and words of the database are for whoever runs the server.
                let what = "the server could not read or write its data";
                return Self {
                    code: failure.code,
                    ..Self::machine(what)
                };
            }
        }
        Self {
            hint: failure.hint,
            ..Self::new(status, &failure.code, failure.message)
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).unwrap_or_default();
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, kind, body).into_response();
        // A page shows the same problem to a person: see `visit::enter`.
        response.extensions_mut().insert(self);
        response
    }
}
