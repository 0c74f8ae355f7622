//! The log of a server: one JSON object a line, on standard error.

use tracing::Level;

/// How much is logged: `error`, `warn` or `info`.
const LEVEL: &str = "HEADSTART_LOG";

/// Starts the log of this process. Nothing below `info` is ever written: what libraries say of their inner life may
/// hold secrets.
pub fn start_log() {
    let level = match std::env::var(LEVEL).as_deref() {
        Ok("error") => Level::ERROR,
        Ok("warn") => Level::WARN,
        _ => Level::INFO,
    };
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .finish();
    // Whoever set another one before wants that one.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
