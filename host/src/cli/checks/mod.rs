//! `tollgate check` and `tollgate snapshot`: whether a deployment is what it should be, and what it was like when.

mod asked;
mod gates;
mod local;
mod people;
mod print;
mod probe;
mod snapshot;
mod tree;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use calendar::Millis;
use clap::Args;

use self::asked::Asked;
pub use self::snapshot::Snapshot;
use super::access::Access;
use super::{UNCHECKED, wait};

#[derive(Args)]
pub struct Check {
    /// What to check; without a name, all that can be.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(::checks::NAMES))]
    names: Vec<String>,
    /// The deployment's folder: manifest, deploy files, pages.
    #[arg(long, default_value = ".", value_name = "DIR")]
    root: PathBuf,
    /// What must be there, as JSON with `files` and `folders`; by default what this repository has.
    #[arg(long, value_name = "FILE")]
    structure: Option<PathBuf>,
    /// The workflows' manifest.
    #[arg(long, default_value = "deploy/workflows.json", value_name = "FILE")]
    workflows: PathBuf,
    /// What cargo printed when the tests ran: a workflow's check may be a test.
    #[arg(long, value_name = "FILE")]
    tests: Option<PathBuf>,
    /// Finds of the secrets scan that may stay, with their reasons.
    #[arg(long, default_value = "deploy/secrets-allow.json", value_name = "FILE")]
    allow: PathBuf,
    /// A page, or its source, on which something is sold that asks for an age. May be given again.
    #[arg(long = "page", value_name = "FILE|URL")]
    pages: Vec<String>,
    /// A publishable key of a tenant that demands an age, to ask for a session without one.
    #[arg(long, env = "TOLLGATE_PUBLISHABLE_KEY", value_name = "KEY")]
    publishable_key: Option<String>,
    /// Make a key for each tenant of which none is known, to ask with, and revoke it at once (both go into the log).
    #[arg(long)]
    issue_keys: bool,
    /// What 95 % of routing decisions may take, in milliseconds.
    #[arg(long, default_value_t = ::checks::router::THRESHOLD_MS, value_name = "MS")]
    threshold_ms: u64,
    /// One JSON document instead of a table.
    #[arg(long)]
    json: bool,
    /// Tell the gate, so that its snapshots know (admin key).
    #[arg(long)]
    report: bool,
    #[command(flatten)]
    access: Access,
}

impl Check {
    pub fn run(self) -> ExitCode {
        match wait(self.checked()) {
            Ok(code) => code,
            Err(error) => {
                eprintln!("tollgate: {error:#}");
                ExitCode::from(UNCHECKED)
            }
        }
    }

    async fn checked(&self) -> Result<ExitCode> {
        let mut asked = Asked::new(self);
        let (mut reports, mut skipped) = (Vec::new(), Vec::new());
        for name in ::checks::NAMES {
            let is_named = self.names.iter().any(|named| named == name);
            if !self.names.is_empty() && !is_named {
                continue;
            }
            match asked.lacks(name) {
                Some(reason) if !is_named => skipped.push((name, reason)),
                lacking => {
                    let verdict = match lacking {
                        Some(reason) => not_checked(&reason),
                        // What can't be read or asked is not known; the other checks go on.
                        None => asked
                            .verdict(name, &reports)
                            .await
                            .unwrap_or_else(|error| not_checked(&format!("{error:#}"))),
                    };
                    reports.push(verdict.report(name, now()));
                }
            }
        }
        print::all(&reports, &skipped, self.json)?;
        if self.report {
            let gate = self.access.gate().context("--report tells a gate")?;
            gates::tell(&gate, &reports).await?;
        }
        Ok(print::exit(&reports))
    }
}

fn not_checked(reason: &str) -> ::checks::Verdict {
    let mut verdict = ::checks::Verdict::default();
    verdict.unknown("not_checked", "", reason);
    verdict
}

fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
