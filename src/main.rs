//! Arguments in, exit code out; nothing else.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    jalon::cli::run(jalon::cli::Line::parse()).into()
}
