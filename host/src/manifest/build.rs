//! How a component's file is made: `[component.ID.build]`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// What makes a component's file, and of what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Build {
    /// For a shell.
    pub command: String,
    /// Where it is run.
    pub folder: PathBuf,
    /// Patterns of the files of which it is made, from that folder on; with `!` in front, what isn't one of them.
    pub watch: Vec<String>,
}

/// As it is written. What else stands there is for other tools.
#[derive(Deserialize)]
struct Raw {
    command: Commands,
    #[serde(default)]
    workdir: PathBuf,
    #[serde(default)]
    watch: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a command, or a list of commands")]
enum Commands {
    One(String),
    Many(Vec<String>),
}

impl Build {
    pub(super) fn read(table: toml::Table, base: &Path) -> Result<Self> {
        let raw: Raw = table.try_into().context("`command`, `workdir` or `watch`")?;
        ensure!(!raw.workdir.is_absolute(), "`workdir`: expected a folder below the manifest's");
        let command = match raw.command {
            Commands::One(command) => command,
            Commands::Many(commands) => commands.join(" && "),
        };
        // A folder's name is a place to go to, the empty one isn't.
        let base = if base.as_os_str().is_empty() { Path::new(".") } else { base };
        let folder = if raw.workdir.as_os_str().is_empty() { base.to_owned() } else { base.join(raw.workdir) };
        Ok(Self { command, folder, watch: raw.watch })
    }
}
