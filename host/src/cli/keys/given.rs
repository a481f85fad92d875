//! The keys that a gate has now, found where `tollgate up` finds them; and whether its log says the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use tollgate::keys;
use tollgate::kv::Backend;
use tollgate::kv::sqlite::FILE_NAME;
use tollgate::kv::sqlite::backup::last_checkpoint;
use tollgate::manifest::Manifest;
use tollgate::variables::Variables;

use super::plan::Current;
use crate::cli::start::name_and_value;
use crate::cli::verify::log_key;

/// What is changed in a rotation.
const CHANGED: [&str; 3] = ["master_key", "master_previous_key", "log_key"];

#[derive(Args)]
pub struct Given {
    /// Data folder of the gate: its key file, and its log. By default that of `up`.
    #[arg(long, default_value = ".tollgate", value_name = "DIR")]
    data: PathBuf,
    /// Value of an application variable, where `up` is given one (also SPIN_VARIABLE_<NAME> in the environment).
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = name_and_value)]
    variables: Vec<(String, String)>,
    /// The application's manifest, which has the variables' defaults.
    #[arg(long, default_value = "spin.toml", value_name = "FILE")]
    manifest: PathBuf,
    /// The store that the gate is told of; only with sqlite is the log in the data folder.
    #[arg(long, env = "TOLLGATE_KV", hide_env_values = true, default_value = "sqlite", value_name = "STORE")]
    kv: Backend,
}

impl Given {
    /// # Errors
    /// `up` wouldn't start with these variables either, or would have to make a master key.
    pub fn current(&self, environment: impl Fn(&str) -> Option<String>) -> Result<Current> {
        let manifest = Manifest::load(&self.manifest).context("give --manifest as `up` is given it")?;
        let mut in_file = None;
        let variables = Variables::resolve(&manifest, &self.variables, environment, |names| {
            let mut found = BTreeMap::new();
            for name in names {
                // Of the other keys nobody asks here.
                let key = if *name == "master_key" { in_file.insert(self.in_file()?).1.clone() } else { String::new() };
                found.insert((*name).to_owned(), key);
            }
            Ok(found)
        })?;
        let get = |name: &str| variables.get(name).map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned);
        let is_argument = |name: &&str| self.variables.iter().any(|(given, _)| given == name);
        Ok(Current {
            master: get("master_key").with_context(|| format!("{} has no `master_key`", self.manifest.display()))?,
            in_file: in_file.map(|(file, _)| file),
            previous: get("master_previous_key").is_some(),
            log: get("log_key"),
            arguments: CHANGED.into_iter().filter(is_argument).map(str::to_owned).collect(),
        })
    }

    /// The key file, and the master key in it.
    fn in_file(&self) -> Result<(PathBuf, String)> {
        let file = self.data.join(keys::FILE_NAME);
        let missing = || {
            "which master key is to be replaced? Give it as `up` is given it (--variable, or SPIN_VARIABLE_MASTER_KEY), or \
             the --data of a gate that has made its own"
        };
        let bytes = fs::read(&file).with_context(|| format!("reading {}", file.display())).with_context(missing)?;
        let mut all: BTreeMap<String, String> =
            serde_json::from_slice(&bytes).with_context(|| format!("reading {}", file.display()))?;
        let key = all.remove("master_key").with_context(missing)?;
        Ok((file, key))
    }

    /// A plan from a wrong key would change the log's key, and what the new master key doesn't open would be lost.
    ///
    /// # Errors
    /// The log in the data folder is signed by another key; or there is one that can't be read.
    pub fn compare_with_the_log(&self, current: &Current) -> Result<()> {
        if !matches!(self.kv, Backend::Sqlite) || !self.data.join(FILE_NAME).is_file() {
            return Ok(());
        }
        let Some(note) = last_checkpoint(&self.data)? else { return Ok(()) };
        ensure!(
            log_key::made_of(current.log_seed()?, &[note]).is_some(),
            "the log in {} is signed by another key than the one that was found: give this command the same --variable and \
             environment as `up`, and the --data (or --kv) of that gate. Where `log_key` was changed just now, wait until \
             the log has signed with it",
            self.data.display()
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use rusqlite::Connection;
    use tlog::{Checkpoint, Signer};

    use super::*;

    const MANIFEST: &str = r#"
spin_manifest_version = 2
[application]
name = "a"
[variables]
admin_key = { required = true }
master_key = { required = true }
master_previous_key = { default = "" }
log_key = { default = "DEFAULT" }
[[trigger.http]]
route = "/..."
component = "a"
[component.a]
source = "a.wasm"
"#;

    fn key(byte: u8) -> String {
        STANDARD.encode([byte; 32])
    }

    /// A folder with a manifest whose `log_key` has this default, and what is asked there.
    fn given(default: &str, variables: &[(&str, &str)]) -> (tempfile::TempDir, Given) {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("spin.toml");
        fs::write(&manifest, MANIFEST.replace("DEFAULT", default)).unwrap();
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let given = Given { data: folder.path().to_owned(), variables, manifest, kv: Backend::Sqlite };
        (folder, given)
    }

    #[test]
    fn ops_5_the_keys_are_found_where_a_start_finds_them() {
        let [master, log, other] = [1, 2, 3].map(key);
        let check =
            |default: &str, variables: &[(&str, &str)], environment: &[(&str, &str)], expected: Option<&str>| {
                let (_folder, given) = given(default, &[&[("master_key", &*master)], variables].concat());
                let environment = |name: &str| {
                    let found = environment.iter().find(|(variable, _)| *variable == name);
                    found.map(|(_, value)| (*value).to_owned())
                };
                let current = given.current(environment).unwrap();
                assert_eq!((&*current.master, current.log.as_deref()), (&*master, expected));
                let names = variables.iter().map(|(name, _)| *name);
                assert_eq!(current.arguments, ["master_key"].into_iter().chain(names).collect::<Vec<_>>());
            };
        check("", &[], &[], None);
        check("", &[("log_key", &log)], &[], Some(&log));
        check("", &[("log_key", &log)], &[("SPIN_VARIABLE_LOG_KEY", &other)], Some(&log));
        check(&other, &[], &[("SPIN_VARIABLE_LOG_KEY", &log)], Some(&log));
        check(&other, &[], &[("SPIN_VARIABLE_LOG_KEY", "")], None);
        check(&log, &[], &[("SPIN_VARIABLE_MASTER_KEY", &other)], Some(&log));
    }

    #[test]
    fn ops_5_a_rotation_under_way_is_seen_wherever_it_is_given() {
        let (_folder, given) = given("", &[("master_key", &key(1)), ("master_previous_key", &key(2))]);
        assert!(given.current(|_| None).unwrap().previous);
    }

    #[test]
    fn ops_5_the_key_of_a_data_folder_is_found() {
        let (folder, given) = given("", &[]);
        let said = format!("{:#}", given.current(|_| None).err().unwrap());
        assert!(said.contains("which master key"), "{said}");
        let made = keys::load_or_make(folder.path(), &keys::CAN_BE_MADE).unwrap();
        let current = given.current(|_| None).unwrap();
        assert_eq!((&current.master, current.in_file), (&made.values["master_key"], Some(made.file)));
        let environment = |name: &str| (name == "SPIN_VARIABLE_MASTER_KEY").then(|| key(5));
        let current = given.current(environment).unwrap();
        assert_eq!((current.master, current.in_file), (key(5), None));
    }

    #[test]
    fn ops_5_what_a_start_would_not_take_is_not_taken() {
        let said = |given: Given| format!("{:#}", given.current(|_| None).err().unwrap());
        let (_folder, wrong) = given("", &[("master_key", "short")]);
        assert!(said(wrong).contains("variable `master_key` must be"));
        let (_folder, unknown) = given("", &[("master_kee", "x")]);
        assert!(said(unknown).contains("declares no such variable"));
        let (folder, mut elsewhere) = given("", &[]);
        elsewhere.manifest = folder.path().join("none.toml");
        assert!(said(elsewhere).contains("--manifest"));
    }

    #[test]
    fn ops_5_a_log_that_is_signed_by_another_key_stops_the_plan() {
        let (folder, given) = given("", &[("master_key", &key(1)), ("log_key", &key(2))]);
        let current = given.current(|_| None).unwrap();
        given.compare_with_the_log(&current).unwrap();
        let store = Connection::open(folder.path().join(FILE_NAME)).unwrap();
        let table = "CREATE TABLE spin_key_value (store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, \
                     PRIMARY KEY (store, key))";
        store.execute(table, []).unwrap();
        given.compare_with_the_log(&current).unwrap();
        let signer = Signer::new("example.com/log", [2; 32]).unwrap();
        let note = Checkpoint { origin: "example.com/log".into(), size: 5, root: [9; 32] }.sign(&signer);
        let key = kv_schemas::families::CHECKPOINT.key(&["1"]);
        let insert = "INSERT INTO spin_key_value VALUES ('default', ?1, ?2)";
        store.execute(insert, (&key, serde_json::to_vec(&note).unwrap())).unwrap();
        given.compare_with_the_log(&current).unwrap();
        let said = given.compare_with_the_log(&Current { log: None, ..current }).unwrap_err().to_string();
        assert!(said.contains("another key"), "{said}");
    }
}
