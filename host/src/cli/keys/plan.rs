//! The settings that replace a master key, phase by phase.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tollgate::settings;
use vault::Vault;

use super::{LOG, MASTER, PREVIOUS};

/// What the log's key is derived for: the same word as in `audit-append`.
const PURPOSE: &str = "log";

/// What a deployment has now.
pub struct Current {
    pub master: String,
    /// Where the master key is, if it was made by a first start.
    pub in_file: Option<PathBuf>,
    /// A rotation is under way.
    pub previous: bool,
    /// Where it is not derived from the master key.
    pub log: Option<String>,
    /// Of the three, those that the gate is given as arguments.
    pub arguments: Vec<String>,
}

impl Current {
    /// What the log's key is made of.
    pub fn log_seed(&self) -> Result<[u8; 32]> {
        match &self.log {
            Some(key) => {
                let seed = STANDARD.decode(key.trim()).ok().and_then(|bytes| bytes.try_into().ok());
                seed.context("the current log key is not 32 bytes in base64")
            }
            None => {
                Vault::new(self.master.trim()).and_then(|vault| vault.derive(PURPOSE)).context("the current master key")
            }
        }
    }

    pub fn plan(&self, new: &str) -> Result<String> {
        ensure!(
            !self.previous,
            "`master_previous_key` is set: a rotation is under way. Finish it first (phase 3), or what the key before last has sealed is \
             lost"
        );
        settings::check("master_key", &self.master)?;
        let old = self.master.trim();
        let log = STANDARD.encode(self.log_seed()?);
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
             # 3. When GET /v1/maintenance/registry says \"done\": true, on every node:\n\
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
        if !self.arguments.is_empty() {
            let _ = write!(
                plan,
                "\n# The gate is given {} as --variable, which goes before the environment: change it there.\n",
                self.arguments.join(", ")
            );
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const UP: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const DOWN: &str = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    fn current() -> Current {
        Current { master: UP.into(), in_file: None, previous: false, log: None, arguments: Vec::new() }
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
    fn ops_5_who_gives_keys_as_arguments_is_told_to_change_them_there() {
        let arguments = vec!["master_key".to_owned(), "log_key".to_owned()];
        let plan = Current { arguments, ..current() }.plan(DOWN).unwrap();
        assert!(plan.contains("given master_key, log_key as --variable"), "{plan}");
        assert!(!current().plan(DOWN).unwrap().contains("--variable"));
    }

    #[test]
    fn ops_5_a_rotation_within_a_rotation_is_refused() {
        let said = Current { previous: true, ..current() }.plan(DOWN).unwrap_err().to_string();
        assert!(said.contains("under way"), "{said}");
        let said = Current { master: "short".into(), ..current() }.plan(DOWN).unwrap_err().to_string();
        assert!(said.contains("master_key"), "{said}");
    }
}
