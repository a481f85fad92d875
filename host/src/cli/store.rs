//! `tollgate store ...`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use tollgate::kv::sqlite::{FILE_NAME, SqliteStore};

use super::done;

#[derive(Subcommand)]
pub enum Store {
    /// Brings what a killed gate left in its log into the store's file, so that the file alone holds everything.
    ///
    /// A gate does this itself each second, when it stops, and when it starts. It is needed where a folder goes on without
    /// one: under Spin, or with another program that reads the file.
    ///
    /// Exit status: 0 the file holds everything; 2 it doesn't, as a gate that runs has the folder, or for what else is said.
    Fold(Fold),
}

#[derive(Args)]
pub struct Fold {
    /// Data folder of a gate that doesn't run. By default that of `up`.
    #[arg(long, default_value = ".tollgate", value_name = "DIR")]
    data: PathBuf,
}

impl Store {
    pub fn run(self) -> ExitCode {
        match self {
            Self::Fold(Fold { data }) => done(fold(&data)),
        }
    }
}

fn fold(data: &Path) -> Result<()> {
    let file = data.join(FILE_NAME);
    ensure!(file.is_file(), "there is no store in {}: no file {FILE_NAME}", data.display());
    SqliteStore::settle(data).context("the store can't be folded")?;
    println!("{} holds everything", file.display());
    Ok(())
}
