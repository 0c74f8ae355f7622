//! Development tasks.
//!
//! `cargo xtask test` runs every test and installs what they need when it is missing and may.
//! `cargo xtask rooms` checks the arrows between the crates and that pure rooms stay pure.
//! `cargo xtask pictures` takes the pictures of the manual anew.
//! `cargo xtask tools` installs the programs that some examples run.
//! `cargo xtask deny` checks licences, bans and sources with cargo-deny.
#![allow(
    clippy::print_stdout,
    reason = "a command line program prints its result"
)]

mod deny;
mod needs;
mod rooms;
mod tests;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("test") => tests::run(&arguments[1..]),
        Some("pictures") => tests::take_pictures(),
        Some("rooms") => rooms::check(),
        Some("deny") => deny::check(),
        Some("tools") => needs::install_tools(),
        other => {
            let given = other.map_or("nothing".to_owned(), |word| format!("`{word}`"));
            bail!("expected `test`, `pictures`, `tools`, `rooms` or `deny`, got {given}")
        }
    }
}
