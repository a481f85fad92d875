//! `tollgate completions SHELL`: what makes a shell complete commands and options.

use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use super::{done, out};

#[derive(Args)]
pub struct Completions {
    /// For which shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// `program` is the whole command line.
    pub fn run(self, mut program: Command) -> ExitCode {
        let mut script = Vec::new();
        generate(self.shell, &mut program, "tollgate", &mut script);
        done(out::say(&String::from_utf8_lossy(&script)))
    }
}
