//! `tollgate audit receipt ID`: fetches the receipt of one entry, verifies it, and saves it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use http::StatusCode;
use tlog::Verifier;
use tokio::time::{Instant, sleep};

use super::access::{Access, encoded};
use super::check::{Outcome, receipt};
use super::gate::Gate;
use super::{done, files, memory, wait};

/// How long an entry may take until it is under a checkpoint.
const PATIENCE: Duration = Duration::from_secs(40);
const PAUSE: Duration = Duration::from_millis(700);

#[derive(Args)]
pub struct Receipt {
    /// Of the entry: `lc_...` of what was charged, `evt_...` of what was done.
    limit_check_id: String,
    /// Where to; by default a file of that name in this folder. `-` is standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The key that it must be signed with; by default the one that is remembered, or the gate's own.
    #[arg(long, value_name = "KEY")]
    vkey: Option<String>,
    #[command(flatten)]
    access: Access,
}

impl Receipt {
    pub fn run(self) -> ExitCode {
        done(self.save())
    }

    fn save(&self) -> Result<()> {
        let gate = self.access.gate()?;
        let (text, key) = wait(async {
            let text = fetch(&gate, &self.limit_check_id).await?;
            Ok((text, gate.text("/v1/audit/log/key").await?))
        })?;
        let shown: Verifier = key.trim().parse().context("the gate's key can't be read")?;
        let known = memory::pinned(self.vkey.as_deref())?;
        let key = known.or(memory::key_of(shown.name())?).unwrap_or(shown);
        let found = text.parse::<tlog::Receipt>().context("the gate's answer is no receipt")?;
        let entry = found.extra.as_deref().and_then(receipt::entry);
        if entry.is_none_or(|entry| entry.limit_check_id != self.limit_check_id) {
            bail!("the receipt is of another entry than {}", self.limit_check_id);
        }
        let lines = match receipt::verify(&found, &key) {
            Outcome::Proven(lines) | Outcome::InItself(lines) => lines,
            Outcome::Refuted(why) => bail!("the gate's receipt proves nothing: {why}"),
        };
        let path = self.output.clone().unwrap_or_else(|| format!("{}.receipt", self.limit_check_id).into());
        if path.as_os_str() == "-" {
            print!("{text}");
            return Ok(());
        }
        files::write(&path, text.as_bytes())?;
        println!("{}", lines.join("\n"));
        println!("saved as {0}; verify it with: tollgate audit check {0} --vkey '{key}'", path.display());
        Ok(())
    }
}

/// The receipt, once there is one.
async fn fetch(gate: &Gate, id: &str) -> Result<String> {
    let path = format!("/v1/audit/entries/{}/proof", encoded(id));
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = gate.ask(&path, "text/plain").await?;
        if answer.status != StatusCode::NOT_FOUND {
            gate.accepts(&path, answer.status)?;
            return String::from_utf8(answer.body.to_vec()).context("the gate's answer is no receipt");
        }
        if answer.code().as_deref() != Some("not_in_log_yet") {
            bail!("there is no entry {id} that this key may see");
        }
        if Instant::now() >= deadline {
            bail!("the entry {id} is still not under a checkpoint after {PATIENCE:?}; try again later");
        }
        sleep(PAUSE).await;
    }
}
