//! `headstart demo`: a whole program with a leak, told step by step.

use std::path::PathBuf;

use desk::Failure;

use super::Context;
use crate::cli::Demo;
use crate::demo;

/// Where the demo's program is made when nobody says.
const DIR_DEFAULT: &str = "headstart-demo";

/// Tells the story.
pub async fn run(context: &Context, arguments: Demo) -> Result<u8, Failure> {
    // At a server there is nothing to tell.
    context.data_dir()?;
    let dir = match arguments.dir {
        Some(dir) => dir,
        None => free_dir(),
    };
    if dir.exists() {
        return Err(Failure::usage(
            "folder-exists",
            format!("`{}` is there already", dir.display()),
        )
        .hint("name another folder with --dir; nothing is ever overwritten"));
    }
    let told = demo::tell(&dir, &context.output).await?;
    context.output.result(&told.document, |_| String::new());
    if !arguments.no_serve {
        demo::serve(told, arguments.listen, &context.output).await?;
    }
    Ok(0)
}

/// The first of `headstart-demo`, `headstart-demo-2`, … that is not there yet.
fn free_dir() -> PathBuf {
    let first = PathBuf::from(DIR_DEFAULT);
    if !first.exists() {
        return first;
    }
    (2..)
        .map(|number| PathBuf::from(format!("{DIR_DEFAULT}-{number}")))
        .find(|dir| !dir.exists())
        .unwrap_or(first)
}
