//! One file a command.

mod artifact;
mod backup;
mod case;
mod context;
mod cosigned;
mod demo;
mod detection;
mod evidence;
mod inbox;
mod init;
pub mod leak;
mod lint;
mod log;
mod log_check;
mod log_watch;
mod open;
mod package;
mod partner;
mod policy;
mod press;
mod program;
mod receipts;
mod record;
mod seat;
pub mod serve;
mod sighting;
mod sites;
mod suggest;
mod trace;
mod verify;
mod watch;
pub mod wave;
mod witness;

use desk::Failure;

use crate::cli::{Cli, Command};
pub use context::{Context, read_file, read_json};
pub use open::IDENTITY_BYTES_MAX;

/// Reads a PDF for another process of this program, which limits this one.
fn read_pdf(pages_max: Option<usize>) -> Result<u8, Failure> {
    desk::serve_pdf(pages_max)
        .map(|()| 0)
        .map_err(|error| Failure::machine("read-pdf", error.to_string()))
}

/// Runs one command; the answer is its exit code.
pub async fn run(cli: Cli) -> Result<u8, Failure> {
    let context = Context::new(cli.global);
    match cli.command {
        Command::Init(arguments) => init::run(&context, &arguments).await,
        Command::Partner(command) => partner::run(&context, command).await,
        Command::Agreement(command) => program::agreement(&context, command).await,
        Command::Person(command) => program::person(&context, command).await,
        Command::Settings(command) => program::settings(&context, command).await,
        Command::Seat(command) => seat::run(&context, command).await,
        Command::Case(command) => case::run(&context, command).await,
        Command::Artifact(command) => artifact::run(&context, command).await,
        Command::Lint { files, run_checks } => lint::run(&context, &files, run_checks),
        Command::Sites { case } => sites::run(&context, &case).await,
        Command::Wave(command) => wave::run(&context, command).await,
        Command::Press { case } => press::run(&context, &case).await,
        Command::Package(command) => package::run(&context, command).await,
        Command::Trace(arguments) => trace::run(&context, &arguments).await,
        Command::Evidence { trace, out, since } => {
            evidence::run(&context, &trace, &out, &since).await
        }
        Command::Verify { file, held } => verify::run(&context, &file, &held),
        Command::Record(arguments) => record::run(&context, arguments).await,
        Command::Detection(arguments) => detection::run(&context, &arguments).await,
        Command::Watch(arguments) => watch::run(&context, &arguments).await,
        Command::Sighting(command) => sighting::run(&context, command).await,
        Command::ReadPdf { pages_max } => read_pdf(pages_max),
        Command::Inbox { seat } => inbox::run(&context, seat.as_deref()).await,
        Command::Receipts { case } => receipts::run(&context, &case).await,
        Command::Suggest(arguments) => suggest::run(&context, &arguments),
        Command::Policy => policy::run(&context),
        Command::Log(command) => log::run(&context, command).await,
        Command::Backup { out } => backup::backup(&context, &out).await,
        Command::Restore(arguments) => backup::restore(&context, &arguments).await,
        Command::Witness(command) => witness::run(&context, command).await,
        Command::Serve(arguments) => serve::run(&context, arguments).await,
        Command::Demo(arguments) => demo::run(&context, arguments).await,
    }
}
