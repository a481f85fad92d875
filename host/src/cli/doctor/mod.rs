//! `tollgate doctor`: what commonly goes wrong, why it matters, and the command that mends it; with `--fix`, mended.

mod builds;
mod clock;
mod finding;
mod folder;
mod gates;
mod keyfile;
mod port;
mod prices;
mod processes;
mod spin;
mod start;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use tollgate::Options;
use tollgate::manifest::Manifest;

use super::access::Access;
use super::out::{self, Paint};
use super::start::Up;
use super::{complain, wait};
use finding::Findings;

#[derive(Args)]
pub struct Doctor {
    #[command(flatten)]
    up: Up,
    /// Mends what can be mended here: makes keys that are missing, replaces an admin key of the key file that might be
    /// guessed, closes what is open to other users, adds the compiler's target and builds components that are missing.
    #[arg(long)]
    fix: bool,
    /// JSON instead of lines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
}

/// Whether anything may be changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Look,
    Fix,
}

impl Doctor {
    pub fn run(self) -> ExitCode {
        match self.look() {
            Ok(findings) => findings.exit(),
            Err(error) => {
                complain(&error);
                ExitCode::from(super::UNCHECKED)
            }
        }
    }

    fn look(self) -> Result<Findings> {
        let mode = if self.fix { Mode::Fix } else { Mode::Look };
        let options: Options = self.up.into();
        let mut findings = Findings::default();
        findings.extend(folder::look(&options.data, mode));
        findings.extend(folder::lock(&options));
        let manifest = Manifest::load(&options.manifest).ok();
        if let Some(manifest) = &manifest {
            // Before the start is examined: what is mended here is found in order there.
            findings.extend(spin::look(&options.manifest));
            findings.extend(builds::look(manifest, mode));
            findings.extend(keyfile::look(&options, manifest, mode));
        }
        findings.extend(start::look(&options));
        if self.access.url().is_some() {
            findings.extend(wait(gates::look(&self.access))?);
        }
        if self.json {
            out::document(&findings.json())?
        } else {
            out::say(&findings.text(Paint::of_stdout()))?
        }
        Ok(findings)
    }
}
