//! What a command prints: the same rows as a table for people and as JSON for programs.

use std::io::{self, ErrorKind, IsTerminal, Write};

use anyhow::{Context, Result};
use clap::Args;
use serde_json::Value;

mod paint;
pub mod progress;
mod table;

pub use paint::{Colour, Paint};
pub use progress::Progress;
pub use table::{Column, Table, left, right, shown};

/// How to print it.
#[derive(Args, Clone, Copy)]
pub struct Shape {
    /// JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

impl Shape {
    /// Prints rows under a name; `rest` stands beside them in the JSON alone.
    pub fn rows(self, name: &str, table: &Table, rest: &[(&str, Value)]) -> Result<()> {
        if self.json { document(&table.json(name, rest)) } else { say(&table.text(Paint::of_stdout())) }
    }

    /// Prints one thing: a field and its value in each row, or the thing itself.
    pub fn one(self, thing: &Value) -> Result<()> {
        if self.json { document(thing) } else { say(&Table::of_fields(thing).text(Paint::of_stdout())) }
    }
}

/// Prints a JSON document.
pub fn document(value: &Value) -> Result<()> {
    say(&format!("{}\n", serde_json::to_string_pretty(value)?))
}

/// Prints a text that has its line ends. A reader that has seen enough (`| head`) is no error.
pub fn say(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.context("writing to stdout"),
    }
}

/// Says something beside the output, where it doesn't disturb a program that reads that.
pub fn aside(text: &str) {
    // Nobody to tell is no reason to stop.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether somebody looks at standard error as it comes.
pub fn is_watched() -> bool {
    io::stderr().is_terminal()
}
