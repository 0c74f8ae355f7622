//! A JSON value that knows where in its document it is.

use crate::explain::Explain;
use crate::ids::excerpt;
use jiff::Timestamp;
use serde_json::Value;
use std::fmt;
use thiserror::Error;

/// Why an advisory could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AdvisoryError {
    /// Above the limit.
    #[error("the file has more than {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: usize,
    },
    /// Not JSON, or nested too deeply.
    #[error("line {line}, column {column}: {what}")]
    Json {
        /// From 1.
        line: usize,
        /// From 1; 0 at a line's very beginning.
        column: usize,
        /// What is wrong.
        what: String,
    },
    /// Neither CSAF nor CVE.
    #[error("this is neither a CSAF document nor a CVE record")]
    UnknownFormat,
    /// A version that is not read.
    #[error("`{path}`: version `{given}` is not one that is read ({read})")]
    Version {
        /// Where.
        path: JsonPath,
        /// As it was given.
        given: String,
        /// Which are.
        read: &'static str,
    },
    /// A value that must be there is not.
    #[error("`{path}` is missing")]
    Missing {
        /// Where.
        path: JsonPath,
    },
    /// A value of the wrong type.
    #[error("`{path}` is not {wanted}")]
    Type {
        /// Where.
        path: JsonPath,
        /// What it should be, with its article.
        wanted: &'static str,
    },
    /// A value that does not say what it should.
    #[error("`{path}`: {what}")]
    Value {
        /// Where.
        path: JsonPath,
        /// What is wrong, lowercase, one line.
        what: String,
    },
    /// A named limit is reached.
    #[error("the document has more than {max} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// A CVE record that was rejected.
    #[error("the CVE record `{id}` is {state}, and has nothing to import")]
    NotPublished {
        /// The CVE id.
        id: String,
        /// Its state.
        state: String,
    },
}

impl Explain for AdvisoryError {
    fn code(&self) -> &str {
        match self {
            Self::TooLarge { .. } | Self::TooMany { .. } => "advisory-too-large",
            Self::Json { .. } => "advisory-not-json",
            Self::UnknownFormat => "advisory-format-unknown",
            Self::Version { .. } => "advisory-version",
            Self::Missing { .. } | Self::Type { .. } | Self::Value { .. } => "advisory-invalid",
            Self::NotPublished { .. } => "advisory-not-published",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::TooLarge { .. } | Self::TooMany { .. } => {
                "This is a limit of the software; create the case by hand with `headstart case create`."
            }
            _ => {
                "CSAF 2.0 documents and CVE 5 records are read; `headstart case create` needs neither."
            }
        }
        .to_owned()
    }
}

impl From<serde_json::Error> for AdvisoryError {
    fn from(error: serde_json::Error) -> Self {
        let text = error.to_string();
        // serde_json ends its messages with the place, which is shown apart.
        let what = text.split(" at line ").next().unwrap_or_default();
        Self::Json {
            line: error.line(),
            column: error.column(),
            what: excerpt(&what.to_lowercase()),
        }
    }
}

/// Where a value is in its document: `vulnerabilities[0].cve`; `$` for the document itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPath(String);

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A step on the way to a value; built without allocating, rendered for errors only.
#[derive(Clone, Copy)]
enum Step<'v, 'p> {
    Root,
    Field(&'p Node<'v, 'p>, &'static str),
    Item(&'p Node<'v, 'p>, &'static str, usize),
}

/// A value of a document, which lives for `'v`, and its place below parents that live for `'p`.
pub(crate) struct Node<'v, 'p> {
    value: &'v Value,
    step: Step<'v, 'p>,
}

impl<'v, 'p> Node<'v, 'p> {
    pub(crate) fn root(value: &'v Value) -> Self {
        Self {
            value,
            step: Step::Root,
        }
    }

    pub(crate) fn path(&self) -> JsonPath {
        let mut steps = Vec::new();
        let mut at = self;
        loop {
            match at.step {
                Step::Root => break,
                Step::Field(parent, name) => {
                    steps.push(name.to_owned());
                    at = parent;
                }
                Step::Item(parent, name, index) => {
                    steps.push(format!("{name}[{index}]"));
                    at = parent;
                }
            }
        }
        steps.reverse();
        JsonPath(if steps.is_empty() {
            "$".to_owned()
        } else {
            steps.join(".")
        })
    }

    fn wrong(&self, wanted: &'static str) -> AdvisoryError {
        AdvisoryError::Type {
            path: self.path(),
            wanted,
        }
    }

    pub(crate) fn fault(&self, what: impl fmt::Display) -> AdvisoryError {
        AdvisoryError::Value {
            path: self.path(),
            what: what.to_string(),
        }
    }

    /// A field that may be missing or null.
    pub(crate) fn optional<'b>(
        &'b self,
        name: &'static str,
    ) -> Result<Option<Node<'v, 'b>>, AdvisoryError> {
        let object = self
            .value
            .as_object()
            .ok_or_else(|| self.wrong("an object"))?;
        Ok(object
            .get(name)
            .filter(|value| !value.is_null())
            .map(|value| Node {
                value,
                step: Step::Field(self, name),
            }))
    }

    /// A field that must be there.
    pub(crate) fn field<'b>(&'b self, name: &'static str) -> Result<Node<'v, 'b>, AdvisoryError> {
        self.optional(name)?.ok_or_else(|| AdvisoryError::Missing {
            path: Node {
                value: self.value,
                step: Step::Field(self, name),
            }
            .path(),
        })
    }

    /// The items of a field that is a list; none when it is missing.
    pub(crate) fn items<'b>(
        &'b self,
        name: &'static str,
    ) -> Result<impl Iterator<Item = Node<'v, 'b>>, AdvisoryError> {
        let list: &'v [Value] = match self.optional(name)? {
            None => &[],
            Some(node) => node.value.as_array().ok_or_else(|| node.wrong("a list"))?,
        };
        Ok(list.iter().enumerate().map(move |(index, value)| Node {
            value,
            step: Step::Item(self, name, index),
        }))
    }

    /// The text, which is a string with something visible in it.
    pub(crate) fn text(&self, chars_max: usize) -> Result<&'v str, AdvisoryError> {
        let text = self.value.as_str().ok_or_else(|| self.wrong("a string"))?;
        if text.chars().nth(chars_max).is_some() {
            return Err(self.fault(format!("the text is longer than {chars_max} characters")));
        }
        if text.trim().is_empty() {
            return Err(self.fault("the text is empty"));
        }
        Ok(text.trim())
    }

    /// A time; without a zone only where the format says that it is UTC.
    pub(crate) fn time(&self, zone_may_miss: bool) -> Result<Timestamp, AdvisoryError> {
        let text = self.text(crate::release::TIME_BYTES_MAX)?;
        let with_zone = || {
            if zone_may_miss {
                format!("{text}Z").parse::<Timestamp>().ok()
            } else {
                None
            }
        };
        text.parse::<Timestamp>()
            .ok()
            .or_else(with_zone)
            .ok_or_else(|| self.fault(format!("`{}` is not a time with a zone", excerpt(text))))
    }
}
