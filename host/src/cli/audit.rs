//! `tollgate audit ...`

use std::process::ExitCode;

use clap::Subcommand;

use super::check::Check;
use super::export::Export;
use super::invoice::Invoice;
use super::receipt::Receipt;
use super::verify::Verify;

#[derive(Subcommand)]
pub enum Audit {
    /// Proves that counters, permits and the log agree, that the log's history is what it was, and names what differs.
    ///
    /// For every tenant, company and window: settled is the sum of the log's entries, held is what open permits hold,
    /// nothing is negative, no cap was ever crossed. The log's tree is worked out anew from its entries and compared with
    /// tiles and signed checkpoints, and with the checkpoint that was seen last time. Reads only, whatever it reads from.
    ///
    /// Exit status: 0 nothing differs; 1 something does (with --strict, or waits); 2 it couldn't be checked.
    Verify(Verify),
    /// Saves the receipt of one entry: a file that proves what was charged, and verifies without asking anybody.
    Receipt(Receipt),
    /// Verifies a receipt, or an export with its proof beside it, offline; says in words what it proves.
    ///
    /// Exit status: 0 it is proven; 1 it is not; 2 it couldn't be checked.
    Check(Check),
    /// Saves entries as lines of JSON, with a proof of all of them beside.
    Export(Export),
    /// What a tenant pays for a month.
    Invoice(Invoice),
}

impl Audit {
    pub fn run(self) -> ExitCode {
        match self {
            Self::Verify(verify) => verify.run(),
            Self::Receipt(receipt) => receipt.run(),
            Self::Check(check) => check.run(),
            Self::Export(export) => export.run(),
            Self::Invoice(invoice) => invoice.run(),
        }
    }
}
