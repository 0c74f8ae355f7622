//! How the story is told: plain in a pipe, with colour and pauses on a terminal.

use std::io::Write;
use std::time::Duration;

use crate::output::{Output, folded};

const WIDTH: usize = 88;
const PAUSE: Duration = Duration::from_millis(650);

/// Tells a story on standard output, or keeps silent when a program reads the result.
pub struct Teller {
    out: Output,
}

impl Teller {
    /// Tells where `out` points.
    pub fn new(out: Output) -> Self {
        Self { out }
    }

    /// A new chapter.
    pub async fn chapter(&self, date: &str, title: &str) {
        self.pause().await;
        self.raw(&format!(
            "\n{}\n{}\n",
            self.out.strong(&format!("{date}  {title}")),
            self.out.quiet(&"─".repeat(WIDTH))
        ));
    }

    /// A paragraph.
    pub fn say(&self, text: &str) {
        self.raw(&folded(text, WIDTH, ""));
    }

    /// Lines as they are, indented.
    pub fn show(&self, text: &str) {
        for line in text.lines() {
            let line = format!("    {line}");
            self.raw(&format!("{}\n", line.trim_end()));
        }
    }

    /// Somebody's words behind a name.
    pub fn quote(&self, name: &str, text: &str) {
        let indent = " ".repeat(17);
        let body = folded(text, WIDTH - indent.len(), &indent);
        self.raw(&format!("    {name:<13}{}", body.trim_start()));
    }

    /// The command that does what follows.
    pub fn command(&self, command: &str) {
        self.raw(&format!(
            "\n  {} {}\n",
            self.out.quiet("$"),
            self.out.strong(command)
        ));
    }

    /// A good result.
    pub fn good(&self, text: &str) {
        self.mark(&self.out.good("✔"), text);
    }

    /// A refusal.
    pub fn refused(&self, text: &str) {
        self.mark(&self.out.bad("✘"), text);
    }

    /// How results look.
    pub fn style(&self) -> &Output {
        &self.out
    }

    fn mark(&self, mark: &str, text: &str) {
        let body = folded(text, WIDTH - 4, "    ");
        self.raw(&format!("  {mark} {}", body.trim_start()));
    }

    fn raw(&self, text: &str) {
        if self.out.is_json() {
            return;
        }
        let mut out = std::io::stdout().lock();
        // A closed pipe is the reader's choice, not a failure.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    async fn pause(&self) {
        if self.out.is_alive() {
            tokio::time::sleep(PAUSE).await;
        }
    }
}
