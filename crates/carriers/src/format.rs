//! What kind of file a master is: how its comments look, and so where directives may stand.

/// How a language writes comments, and so directives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CommentStyle {
    /// `#~ …` to the end of the line.
    Hash,
    /// `//~ …` to the end of the line, and `/*~ … */`.
    Slash,
    /// `--~ …` to the end of the line.
    Dash,
    /// `;~ …` to the end of the line.
    Semicolon,
}

/// Detection rule languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleKind {
    /// Suricata and Snort: one rule a line, `#` comments.
    Suricata,
    /// Sigma and other YAML, `#` comments.
    Sigma,
    /// YARA, `//` comments.
    Yara,
    /// Kusto queries, `//` comments.
    Kql,
}

/// Records of what programs say to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrafficKind {
    /// Requests as they are sent: `.http`, `.req`.
    Http,
    /// A browser's record of requests and answers, JSON: `.har`.
    Har,
    /// A `curl` command line: `.curl`.
    Curl,
    /// Packets: `.pcapng`, `.pcap`, `.cap`.
    Capture,
}

/// Data without comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DataKind {
    /// Rows of fields: `.csv`, `.tsv`.
    Csv,
    /// JSON, STIX bundles among it: `.json`, `.stix`.
    Json,
}

/// What a master is, by the ending of its file name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Text for people: `.md`, `.txt`, `.html`, … Directives are `<!--~ … -->`.
    Prose,
    /// A program.
    Code(CommentStyle),
    /// A detection rule.
    Rule(RuleKind),
    /// Requests or packets; no comments, so that values are marked where they stand.
    Traffic(TrafficKind),
    /// Indicator lists and other data; no comments either.
    Data(DataKind),
    /// No comments known: only prose marks.
    Plain,
}

impl Format {
    /// The format that the ending of `file_name` tells, whatever its case.
    pub fn of(file_name: &str) -> Format {
        Dialect::of(file_name).format()
    }

    /// Whether the file is read by people: alternatives are words, and case means nothing.
    pub fn is_prose(self) -> bool {
        matches!(self, Format::Prose)
    }

    /// Whether requests show what the file holds: programs, rules, and records of traffic.
    pub fn reaches_wire(self) -> bool {
        matches!(self, Format::Code(_) | Format::Rule(_) | Format::Traffic(_))
    }
}

/// Finer than [`Format`]: how strings are written, which matters to names and directives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Markdown,
    Html,
    Text,
    Python,
    Script,
    CLike,
    Go,
    Shell,
    PowerShell,
    HashOther,
    Dash,
    Semicolon,
    Suricata,
    Yaml,
    Yara,
    Kql,
    Http,
    Har,
    Curl,
    Capture,
    Csv,
    Json,
    Plain,
}

impl Dialect {
    pub(crate) fn of(file_name: &str) -> Dialect {
        let base = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
        let lower = base.to_lowercase();
        let ending = match lower.rsplit_once('.') {
            Some((_, ending)) => ending,
            None if lower == "dockerfile" || lower == "makefile" => "sh",
            None => "txt",
        };
        match ending {
            "md" | "markdown" | "mdx" => Dialect::Markdown,
            "html" | "htm" | "xhtml" | "xml" | "svg" => Dialect::Html,
            "txt" | "text" | "rst" | "adoc" | "asciidoc" | "eml" => Dialect::Text,
            "py" | "pyw" | "pyi" => Dialect::Python,
            "js" | "mjs" | "cjs" | "ts" | "tsx" | "jsx" => Dialect::Script,
            "c" | "h" | "cc" | "cpp" | "cxx" | "hpp" | "hh" | "cs" | "java" | "kt" | "swift"
            | "rs" | "php" | "scala" | "m" | "zig" | "nse" => Dialect::CLike,
            "go" => Dialect::Go,
            "sh" | "bash" | "zsh" | "ksh" => Dialect::Shell,
            "ps1" | "psm1" | "psd1" => Dialect::PowerShell,
            "rb" | "pl" | "pm" | "toml" | "conf" | "cfg" | "r" | "jl" | "tcl" | "nix" | "tf" => {
                Dialect::HashOther
            }
            "sql" | "lua" | "hs" | "ada" | "vhd" => Dialect::Dash,
            "ini" | "asm" | "s" | "lisp" | "el" | "clj" | "scm" => Dialect::Semicolon,
            "rules" | "rule" | "snort" | "suricata" => Dialect::Suricata,
            "yml" | "yaml" => Dialect::Yaml,
            "yar" | "yara" => Dialect::Yara,
            "kql" | "csl" => Dialect::Kql,
            "http" | "req" => Dialect::Http,
            "har" => Dialect::Har,
            "curl" => Dialect::Curl,
            "pcapng" | "pcap" | "cap" => Dialect::Capture,
            "csv" | "tsv" => Dialect::Csv,
            "json" | "stix" | "stix2" => Dialect::Json,
            _ => Dialect::Plain,
        }
    }

    pub(crate) fn format(self) -> Format {
        match self {
            Dialect::Markdown | Dialect::Html | Dialect::Text => Format::Prose,
            Dialect::Python | Dialect::Shell | Dialect::PowerShell | Dialect::HashOther => {
                Format::Code(CommentStyle::Hash)
            }
            Dialect::Script | Dialect::CLike | Dialect::Go => Format::Code(CommentStyle::Slash),
            Dialect::Dash => Format::Code(CommentStyle::Dash),
            Dialect::Semicolon => Format::Code(CommentStyle::Semicolon),
            Dialect::Suricata => Format::Rule(RuleKind::Suricata),
            Dialect::Yaml => Format::Rule(RuleKind::Sigma),
            Dialect::Yara => Format::Rule(RuleKind::Yara),
            Dialect::Kql => Format::Rule(RuleKind::Kql),
            Dialect::Http => Format::Traffic(TrafficKind::Http),
            Dialect::Har => Format::Traffic(TrafficKind::Har),
            Dialect::Curl => Format::Traffic(TrafficKind::Curl),
            Dialect::Capture => Format::Traffic(TrafficKind::Capture),
            Dialect::Csv => Format::Data(DataKind::Csv),
            Dialect::Json => Format::Data(DataKind::Json),
            Dialect::Plain => Format::Plain,
        }
    }

    /// The openers of directives, and how each is closed (`None`: by the end of the line).
    pub(crate) fn openers(self) -> &'static [(&'static str, Option<&'static str>)] {
        match self {
            Dialect::Markdown | Dialect::Html | Dialect::Text => &[("<!--~", Some("-->"))],
            Dialect::Python
            | Dialect::Shell
            | Dialect::PowerShell
            | Dialect::HashOther
            | Dialect::Suricata
            | Dialect::Yaml => &[("#~", None)],
            Dialect::Script | Dialect::CLike | Dialect::Go | Dialect::Yara | Dialect::Kql => {
                &[("//~", None), ("/*~", Some("*/"))]
            }
            Dialect::Dash => &[("--~", None)],
            Dialect::Semicolon => &[(";~", None)],
            Dialect::Http
            | Dialect::Har
            | Dialect::Curl
            | Dialect::Capture
            | Dialect::Csv
            | Dialect::Json
            | Dialect::Plain => &[],
        }
    }
}
