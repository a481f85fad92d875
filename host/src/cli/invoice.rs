//! `tollgate audit invoice`: what a tenant pays for a month, as the gate adds it up.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use super::access::{Access, encoded};
use super::{done, files, wait};

#[derive(Args)]
pub struct Invoice {
    /// Whose; a secret key's own when absent.
    #[arg(long)]
    tenant: Option<String>,
    /// Such as 2026-11 (UTC).
    #[arg(long, value_name = "YYYY-MM")]
    month: String,
    /// A table instead of JSON.
    #[arg(long)]
    csv: bool,
    /// Into this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    access: Access,
}

impl Invoice {
    pub fn run(self) -> ExitCode {
        done(self.show())
    }

    fn show(&self) -> Result<()> {
        let gate = self.access.gate()?;
        let of = self.tenant.as_ref().map(|tenant| format!("?tenant={}", encoded(tenant))).unwrap_or_default();
        let path = format!("/v1/audit/invoices/{}{of}", encoded(&self.month));
        let accept = if self.csv { "text/csv" } else { "application/json" };
        let body = wait(gate.bytes(&path, accept))?;
        let bytes = if self.csv {
            body.to_vec()
        } else {
            let invoice: serde_json::Value = serde_json::from_slice(&body).context("the gate's answer is no JSON")?;
            format!("{}\n", serde_json::to_string_pretty(&invoice)?).into_bytes()
        };
        match &self.output {
            Some(path) => files::write(path, &bytes),
            None => std::io::stdout().lock().write_all(&bytes).context("writing to stdout"),
        }
    }
}
