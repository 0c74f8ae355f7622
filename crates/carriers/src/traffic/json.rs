//! JSON with the place of each value, so that a number can be exchanged and nothing else.

use std::ops::Range;

/// Deepest nesting.
const DEPTH_MAX: usize = 64;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
    Text(String),
    /// A number, a truth value or nothing.
    Other,
}

impl Node {
    /// The whole text as one value; `None` unless it is JSON.
    pub(super) fn parse(text: &str) -> Option<Node> {
        let mut reader = Reader { text, at: 0 };
        let node = reader.value(0)?;
        reader.space();
        (reader.at == text.len()).then_some(node)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        match &self.value {
            Value::Object(fields) => fields.iter().find(|f| f.0 == name).map(|f| &f.1),
            _ => None,
        }
    }

    pub(super) fn items(&self) -> &[Node] {
        match &self.value {
            Value::Array(items) => items,
            _ => &[],
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match &self.get(name)?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn space(&mut self) {
        let bytes = self.text.as_bytes();
        while bytes
            .get(self.at)
            .is_some_and(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
        {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.text.as_bytes().get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        self.space();
        let start = self.at;
        let value = match self.text.as_bytes().get(start)? {
            _ if depth > DEPTH_MAX => return None,
            b'{' => {
                self.at += 1;
                let mut fields = Vec::new();
                if !self.take(b'}') {
                    loop {
                        self.space();
                        let name = self.string()?;
                        self.take(b':').then_some(())?;
                        fields.push((name, self.value(depth + 1)?));
                        if self.take(b'}') {
                            break;
                        }
                        self.take(b',').then_some(())?;
                    }
                }
                Value::Object(fields)
            }
            b'[' => {
                self.at += 1;
                let mut items = Vec::new();
                if !self.take(b']') {
                    loop {
                        items.push(self.value(depth + 1)?);
                        if self.take(b']') {
                            break;
                        }
                        self.take(b',').then_some(())?;
                    }
                }
                Value::Array(items)
            }
            b'"' => Value::Text(self.string()?),
            _ => {
                let rest = self.text.get(start..)?;
                let length = rest
                    .bytes()
                    .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.'))
                    .count();
                let own = rest.get(..length)?;
                serde_json::from_str::<serde_json::Value>(own).ok()?;
                self.at += length;
                Value::Other
            }
        };
        Some(Node {
            span: start..self.at,
            value,
        })
    }

    fn string(&mut self) -> Option<String> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        (bytes.get(start) == Some(&b'"')).then_some(())?;
        let mut at = start + 1;
        loop {
            match bytes.get(at)? {
                b'\\' => at += 2,
                b'"' => break,
                _ => at += 1,
            }
        }
        self.at = at + 1;
        serde_json::from_str(self.text.get(start..=at)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_they_are_written() {
        let text = r#" {"a": [1, -2.5e3, "x\"yé"], "b": {}, "c":null} "#;
        let node = Node::parse(text).unwrap();
        let items = node.get("a").unwrap().items();
        assert_eq!(&text[items[1].span.clone()], "-2.5e3");
        assert_eq!(items[2].value, Value::Text("x\"yé".into()));
        assert_eq!(&text[node.get("b").unwrap().span.clone()], "{}");
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\" 1}",
            "[1] 2",
            "{\"a\":}",
            "\"a",
            "01",
            "[tru]",
        ] {
            assert_eq!(Node::parse(text), None, "{text}");
        }
        assert_eq!(Node::parse(&"[".repeat(100_000)), None);
    }
}
