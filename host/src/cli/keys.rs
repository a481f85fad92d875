//! `tollgate keys ...`: fresh keys, and the way from one master key to the next.

use std::env;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use tollgate::keys;

use self::given::Given;
use super::done;

mod given;
mod plan;

const MASTER: &str = "SPIN_VARIABLE_MASTER_KEY";
const PREVIOUS: &str = "SPIN_VARIABLE_MASTER_PREVIOUS_KEY";
const LOG: &str = "SPIN_VARIABLE_LOG_KEY";

#[derive(Subcommand)]
pub enum Keys {
    /// Prints a fresh admin key and a fresh master key, as the environment of a gate.
    New(New),
    /// Prints, phase by phase, the settings that replace the master key without a pause, and keep the audit log's key.
    ///
    /// Run it with what `up` is given: the same --manifest, --data, --kv, --variable and environment. It finds the current
    /// keys where `up` finds them, and refuses where the log in the data folder is signed by another key than it found. What
    /// is printed are secrets. Every node of a deployment goes through each phase before any goes on to the next: whoever
    /// has the old key alone can't open what the new one seals.
    RotateMaster(Given),
}

#[derive(Args)]
pub struct New {
    /// Only this one, and nothing but its value.
    #[arg(long, value_enum, value_name = "KEY")]
    only: Option<Only>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Only {
    Admin,
    Master,
}

impl Keys {
    pub fn run(self) -> ExitCode {
        done(match self {
            Self::New(New { only }) => fresh(only),
            Self::RotateMaster(given) => rotate(&given),
        })
    }
}

fn fresh(only: Option<Only>) -> Result<()> {
    match only {
        Some(Only::Admin) => println!("{}", keys::make("admin_key")?),
        Some(Only::Master) => println!("{}", keys::make("master_key")?),
        None => {
            println!("SPIN_VARIABLE_ADMIN_KEY={}\n{MASTER}={}", keys::make("admin_key")?, keys::make("master_key")?)
        }
    }
    Ok(())
}

fn rotate(given: &Given) -> Result<()> {
    let current = given.current(|name| env::var(name).ok())?;
    let plan = current.plan(&keys::make("master_key")?)?;
    given.compare_with_the_log(&current)?;
    print!("{plan}");
    Ok(())
}
