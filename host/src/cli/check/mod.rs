//! `tollgate audit check FILE`: verifies a receipt or an export without asking anybody.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use tlog::{Checkpoint, Verifier};

use super::{UNCHECKED, memory};

pub mod export;
pub mod receipt;
#[cfg(test)]
mod tests;

/// The first line of a receipt.
const RECEIPT: &[u8] = b"c2sp.org/tlog-proof@v1\n";

#[derive(Args)]
pub struct Check {
    /// A receipt, or an export as `tollgate audit export` writes it (its proof is looked for beside it).
    file: PathBuf,
    /// The log's key, as GET /v1/audit/log/key shows it. By default the one that is remembered of the log.
    #[arg(long, value_name = "KEY")]
    vkey: Option<String>,
}

/// What came of it.
pub enum Outcome {
    /// Proven; what, in lines.
    Proven(Vec<String>),
    /// Nothing in it contradicts the rest; by a key that nobody vouches for.
    InItself(Vec<String>),
    /// Not proven; the first thing that fails.
    Refuted(String),
}

impl Check {
    pub fn run(self) -> ExitCode {
        match self.outcome() {
            Ok(Outcome::Proven(lines)) => {
                println!("{}", lines.join("\n"));
                ExitCode::SUCCESS
            }
            Ok(Outcome::InItself(lines)) => {
                println!("{}", lines.join("\n"));
                ExitCode::from(UNCHECKED)
            }
            Ok(Outcome::Refuted(why)) => {
                println!("NOT PROVEN: {why}");
                ExitCode::FAILURE
            }
            Err(error) => {
                eprintln!("tollgate: couldn't check: {error:#}");
                ExitCode::from(UNCHECKED)
            }
        }
    }

    fn outcome(&self) -> Result<Outcome> {
        let bytes = fs::read(&self.file).with_context(|| format!("reading {}", self.file.display()))?;
        let pinned = memory::pinned(self.vkey.as_deref())?;
        if bytes.starts_with(RECEIPT) {
            let text = String::from_utf8(bytes).context("not a receipt: it has bytes that are no text")?;
            return match text.parse::<tlog::Receipt>() {
                Ok(receipt) => {
                    let key = key(&receipt.checkpoint, pinned)?;
                    Ok(receipt::verify(&receipt, &key))
                }
                Err(error) => Ok(Outcome::Refuted(format!("it is damaged: {error}."))),
            };
        }
        let beside = export::beside(&self.file);
        let proof = match fs::read(&beside) {
            Ok(proof) => proof,
            Err(error) => bail!(
                "{} is no receipt, and there is no proof of an export at {}: {error}",
                self.file.display(),
                beside.display()
            ),
        };
        let Some(proof) = export::Proof::parse(&proof) else {
            return Ok(Outcome::Refuted(format!("{} is not the proof of an export.", beside.display())));
        };
        let Ok(checkpoint) = Checkpoint::unverified(&proof.checkpoint) else {
            return Ok(Outcome::Refuted("the checkpoint in the proof can't be read.".into()));
        };
        let known = match pinned {
            Some(key) => Some(key),
            None => memory::key_of(&checkpoint.origin)?,
        };
        let key = match (known, proof.vkey.parse::<Verifier>()) {
            (Some(key), _) => export::Key::Known(key),
            (None, Ok(key)) => export::Key::OfTheFile(key),
            (None, Err(_)) => return Ok(Outcome::Refuted("the key in the proof can't be read.".into())),
        };
        Ok(export::verify(&bytes, &proof, &key))
    }
}

/// The key that was given, or the one that is remembered of this log.
fn key(note: &str, pinned: Option<Verifier>) -> Result<Verifier> {
    if let Some(key) = pinned {
        return Ok(key);
    }
    let origin = Checkpoint::unverified(note).context("its checkpoint can't be read")?.origin;
    let advice = "give it with --vkey: the gate shows it at /v1/audit/log/key";
    memory::key_of(&origin)?.with_context(|| format!("the key of the log {origin} is not known; {advice}"))
}
