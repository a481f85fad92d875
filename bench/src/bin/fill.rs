//! `fill --data DIR [--tenants N] [--entries N] [--permits N]`: a data folder as long use would have left it.
//!
//! To start a gate on it by hand, give it the variables that this prints.

use std::path::PathBuf;

use anyhow::{Context, Result};
use bench::argument;
use bench::fill::{LOG_KEY, LOG_ORIGIN, Sizes, fill};

fn main() -> Result<()> {
    let data: PathBuf = argument("--data").context("--data DIR is missing")?.into();
    let number = |name: &str| argument(name).map_or(Ok(0), |text| text.parse().context(name.to_owned()));
    let sizes = Sizes { tenants: number("--tenants")?, entries: number("--entries")?, permits: number("--permits")? };
    let filled = fill(&data, sizes)?;
    println!("{sizes:?}: {filled:?}");
    println!("SPIN_VARIABLE_LOG_KEY={LOG_KEY} SPIN_VARIABLE_LOG_ORIGIN={LOG_ORIGIN}");
    Ok(())
}
