//! `jalon completions` and `jalon man`: for shells and packagers, from the grammar of `cli`.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Context, Exit, Line, fail, out};
use crate::diagnostic::say;

/// Print completions for a shell
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Runs the command.
    #[must_use]
    pub fn run(&self) -> Exit {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Line::command(), "jalon", &mut text);
        out(&String::from_utf8_lossy(&text))
    }
}

/// Print the manual page, or write those of all commands into a folder
#[derive(Debug, Args)]
pub struct Man {
    /// Write jalon.1, jalon-run.1 and so on into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    /// Runs the command.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let written = if let Some(dir) = &self.out {
            std::fs::create_dir_all(dir)
                .and_then(|()| clap_mangen::generate_to(Line::command(), dir))
                .map(|()| String::new())
        } else {
            let mut text = Vec::new();
            clap_mangen::Man::new(Line::command())
                .render(&mut text)
                .map(|()| String::from_utf8_lossy(&text).into_owned())
        };
        match written {
            Ok(text) => out(&text),
            Err(error) => {
                let dir = self.out.as_deref().unwrap_or(std::path::Path::new("-")).display();
                let words = say(
                    format!("{dir} ne peut pas être écrit\u{a0}: {error}"),
                    format!("{dir} cannot be written: {error}"),
                );
                fail(Exit::Failed, context.language.unwrap_or_default(), &words)
            }
        }
    }
}
