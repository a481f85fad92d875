//! `tollgate keys ...`: fresh keys, and the way from one master key to the next.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand, ValueEnum};
use tollgate::{keys, settings};
use vault::Vault;

use super::done;

/// What the log's key is derived for: the same word as in `audit-append`.
const PURPOSE: &str = "log";
const MASTER: &str = "SPIN_VARIABLE_MASTER_KEY";
const PREVIOUS: &str = "SPIN_VARIABLE_MASTER_PREVIOUS_KEY";
const LOG: &str = "SPIN_VARIABLE_LOG_KEY";

#[derive(Subcommand)]
pub enum Keys {
    /// Prints a fresh admin key and a fresh master key, as the environment of a gate.
    New(New),
    /// Prints, phase by phase, the settings that replace the master key without a pause, and keep the audit log's key.
    ///
    /// The current key is read from SPIN_VARIABLE_MASTER_KEY, or from the key file that a first start made in the data
    /// folder. What is printed are secrets. Every node of a deployment goes through each phase before any goes on to the
    /// next: whoever has the old key alone can't open what the new one seals.
    RotateMaster(RotateMaster),
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

#[derive(Args)]
pub struct RotateMaster {
    /// Data folder with the key file, where the environment has no master key. By default that of `up`.
    #[arg(long, default_value = ".tollgate", value_name = "DIR")]
    data: PathBuf,
}

impl Keys {
    pub fn run(self) -> ExitCode {
        done(match self {
            Self::New(New { only }) => fresh(only),
            Self::RotateMaster(RotateMaster { data }) => rotate(&data),
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

fn rotate(data: &Path) -> Result<()> {
    let given = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let current = Current {
        master: match given(MASTER) {
            Some(key) => key,
            None => in_file(data)?,
        },
        in_file: given(MASTER).is_none().then(|| data.join(keys::FILE_NAME)),
        previous: given(PREVIOUS).is_some(),
        log: given(LOG),
    };
    print!("{}", current.plan(&keys::make("master_key")?)?);
    Ok(())
}

fn in_file(data: &Path) -> Result<String> {
    let file = data.join(keys::FILE_NAME);
    let missing =
        || format!("which master key is to be replaced? Give {MASTER}, or the --data of a gate that has made its own");
    let bytes = fs::read(&file).with_context(|| format!("reading {}", file.display())).with_context(missing)?;
    let all: BTreeMap<String, String> =
        serde_json::from_slice(&bytes).with_context(|| format!("reading {}", file.display()))?;
    all.get("master_key").cloned().with_context(missing)
}

/// What a deployment has now.
struct Current {
    master: String,
    /// Where the master key is, if that isn't the environment.
    in_file: Option<PathBuf>,
    /// A rotation is under way.
    previous: bool,
    log: Option<String>,
}

impl Current {
    fn plan(&self, new: &str) -> Result<String> {
        ensure!(
            !self.previous,
            "{PREVIOUS} is set: a rotation is under way. Finish it first (phase 3), or what the key before last has sealed is \
             lost"
        );
        settings::check("master_key", &self.master)?;
        let old = self.master.trim();
        let seed = Vault::new(old).and_then(|vault| vault.derive(PURPOSE)).context("the current master key")?;
        let log = self.log.clone().unwrap_or_else(|| STANDARD.encode(seed));
        let mut plan = String::new();
        let _ = write!(
            plan,
            "# 1. On every node, and then restart it: the new key opens.\n\
             {MASTER}={old}\n\
             {PREVIOUS}={new}\n\n\
             # 2. When all nodes have done that, on every node, and then restart it: the new key seals, the old one opens. The\n\
             #    log keeps its key, which was derived from the old one: verifiers notice nothing.\n\
             {MASTER}={new}\n\
             {PREVIOUS}={old}\n\
             {LOG}={log}\n\n\
             # 3. When GET /v1/maintenance/registry says that nothing is left to be sealed anew, on every node:\n\
             {MASTER}={new}\n\
             {PREVIOUS}=\n\
             {LOG}={log}\n"
        );
        if let Some(file) = &self.in_file {
            let _ = write!(
                plan,
                "\n# The current key is in {}, and the environment goes before it. After phase 3 write the new one in there\n\
                 # as well, or keep these variables for good.\n",
                file.display()
            );
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const DOWN: &str = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    fn current() -> Current {
        Current { master: UP.into(), in_file: None, previous: false, log: None }
    }

    /// The settings of each phase.
    fn phases(plan: &str) -> Vec<BTreeMap<&str, &str>> {
        let phases = plan.split("\n\n").map(|phase| phase.lines().filter_map(|line| line.split_once('=')).collect());
        phases.filter(|phase: &BTreeMap<_, _>| phase.contains_key(MASTER)).collect()
    }

    #[test]
    fn ops_5_in_every_phase_all_nodes_open_what_any_of_them_seals() {
        let plan = current().plan(DOWN).unwrap();
        let phases = phases(&plan);
        let keys: Vec<_> = phases.iter().map(|phase| (phase[MASTER], phase[PREVIOUS])).collect();
        assert_eq!(keys, [(UP, DOWN), (DOWN, UP), (DOWN, "")]);
        // Neighbouring phases run side by side.
        for pair in [(UP, "")].iter().chain(&keys).collect::<Vec<_>>().windows(2) {
            let vaults = [pair[0], pair[1]].map(|(own, other)| Vault::new(own).unwrap().accepting(other).unwrap());
            for (seals, opens) in [(0, 1), (1, 0)] {
                let sealed = vaults[seals].seal("x", [0; 24], "secret").unwrap();
                assert!(vaults[opens].open("x", &sealed).is_ok(), "{pair:?}");
            }
        }
    }

    #[test]
    fn ops_5_the_logs_key_stays() {
        let derived = STANDARD.encode(Vault::new(UP).unwrap().derive(PURPOSE).unwrap());
        let plan = current().plan(DOWN).unwrap();
        assert_eq!(
            phases(&plan).iter().map(|phase| phase.get(LOG).copied()).collect::<Vec<_>>(),
            [None, Some(&*derived), Some(&*derived)]
        );
        settings::check("log_key", &derived).unwrap();
        // The component that signs makes the same key of it (its tests name this one).
        let signer = tlog::Signer::new("gate.example.com/log", STANDARD.decode(&derived).unwrap().try_into().unwrap());
        let expected = "gate.example.com/log+0b623722+ARkxOJK2JDC+qJR3xjZtAvk71FPMMIPCKlcQ+ynL3h2W";
        assert_eq!(signer.unwrap().verifier().to_string(), expected);
        let own = Current { log: Some(DOWN.into()), ..current() };
        let plan = own.plan(DOWN).unwrap();
        assert!(phases(&plan)[1..].iter().all(|phase| phase[LOG] == DOWN));
    }

    #[test]
    fn ops_5_a_rotation_within_a_rotation_is_refused() {
        let said = Current { previous: true, ..current() }.plan(DOWN).unwrap_err().to_string();
        assert!(said.contains("under way"), "{said}");
        let said = Current { master: "short".into(), ..current() }.plan(DOWN).unwrap_err().to_string();
        assert!(said.contains("master_key"), "{said}");
    }

    #[test]
    fn ops_5_the_key_of_a_data_folder_is_found() {
        let data = tempfile::tempdir().unwrap();
        assert!(format!("{:#}", in_file(data.path()).unwrap_err()).contains("which master key"));
        let made = keys::load_or_make(data.path(), &keys::CAN_BE_MADE).unwrap();
        assert_eq!(in_file(data.path()).unwrap(), made.values["master_key"]);
    }
}
