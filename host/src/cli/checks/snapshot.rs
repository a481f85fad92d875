//! `tollgate snapshot`: what a deployment is like now, the delta of two, and whether a file is one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::checks::{Verdict, snapshots};
use ::snapshot::{diff, taken_at, validate};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use serde_json::Value;

use super::{now, print};
use crate::cli::access::{Access, encoded};
use crate::cli::{UNCHECKED, done, wait};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Snapshot {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    access: Access,
}

#[derive(Subcommand)]
enum What {
    /// What changed from one to the other, a line for each value; nothing when nothing did.
    Diff(Diff),
    /// Whether a file is a snapshot; with a name of one, also whether it is young enough.
    ///
    /// Exit status: 0 it is; 1 it isn't; 2 it can't be read.
    Check(CheckFile),
}

#[derive(Args)]
struct Diff {
    /// A file, or the name of a recorded one (snapshot_2026-11-21_0005Z), or `now`.
    a: String,
    /// The same.
    b: String,
    /// JSON instead of lines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
}

#[derive(Args)]
struct CheckFile {
    file: PathBuf,
}

impl Snapshot {
    pub fn run(self) -> ExitCode {
        match self.what {
            None => done(show(&self.access)),
            Some(What::Diff(diff)) => done(diff.show()),
            Some(What::Check(CheckFile { file })) => match check(&file) {
                Ok(code) => code,
                Err(error) => {
                    eprintln!("tollgate: {error:#}");
                    ExitCode::from(UNCHECKED)
                }
            },
        }
    }
}

fn show(access: &Access) -> Result<()> {
    let now: Value = wait(access.gate()?.read("/v1/snapshot"))?;
    println!("{}", serde_json::to_string_pretty(&now)?);
    Ok(())
}

impl Diff {
    fn show(&self) -> Result<()> {
        let changes = diff(&self.read(&self.a)?, &self.read(&self.b)?);
        if self.json {
            println!("{}", serde_json::to_string_pretty(&changes)?);
        } else {
            changes.iter().for_each(|change| println!("{change}"));
        }
        Ok(())
    }

    fn read(&self, which: &str) -> Result<Value> {
        let document = match which {
            "now" => wait(self.access.gate()?.read("/v1/snapshot"))?,
            name if taken_at(name).is_some() && !Path::new(name).exists() => {
                wait(self.access.gate()?.read(&format!("/v1/snapshots/{}", encoded(name))))?
            }
            file => read(Path::new(file))?,
        };
        if let Some(fault) = validate(&document).first() {
            bail!("{which} is no snapshot: {} {}", fault.path, fault.message);
        }
        Ok(document)
    }
}

fn read(file: &Path) -> Result<Value> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON", file.display()))
}

fn check(file: &Path) -> Result<ExitCode> {
    let document = read(file)?;
    let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let verdict = if taken_at(&name).is_some() {
        snapshots::check(Some((&name, &document)), now())
    } else {
        let mut verdict = Verdict::default();
        for fault in validate(&document) {
            verdict.fail("schema", fault.path, format!("It {}.", fault.message));
        }
        verdict
    };
    let reports = [verdict.report("snapshot", now())];
    print::all(&reports, &[], false)?;
    Ok(print::exit(&reports))
}
