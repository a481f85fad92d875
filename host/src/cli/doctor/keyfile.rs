//! Keys: those that nobody gave, and those that might be guessed.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result};
use tollgate::manifest::Manifest;
use tollgate::{Options, keys, settings};

use super::Mode;
use super::finding::Finding;

const WHAT: &str = "keys";
const ADMIN: &str = "admin_key";

pub fn look(options: &Options, manifest: &Manifest, mode: Mode) -> Vec<Finding> {
    let given = |name: &str| {
        let variable = format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase());
        options.variables.iter().any(|(given, _)| given == name) || env::var_os(variable).is_some()
    };
    let needed: Vec<&str> = keys::CAN_BE_MADE
        .into_iter()
        .filter(|name| manifest.variables.get(*name).is_some_and(|variable| variable.default.is_none()))
        .filter(|name| !given(name))
        .collect();
    if needed.is_empty() {
        return Vec::new();
    }
    at(&options.data, &needed, mode)
}

/// `needed` are those that nobody gave.
fn at(data: &Path, needed: &[&str], mode: Mode) -> Vec<Finding> {
    let file = data.join(keys::FILE_NAME);
    let known = match read(&file) {
        Ok(known) => known,
        Err(error) => {
            let why = "What is sealed in the store opens with this master key alone.";
            return vec![
                Finding::problem(WHAT, format!("{error:#}")).because(why).mend("put back the file from a copy"),
            ];
        }
    };
    let mut findings = Vec::new();
    findings.extend(known.is_some().then(|| private(&file, mode)).flatten());
    findings.extend(strong(data, known.as_ref(), needed, mode));
    findings.extend(missing(data, known.as_ref(), needed, mode));
    if findings.is_empty() {
        findings.push(Finding::ok(format!("{WHAT} in {}", file.display())));
    }
    findings
}

fn read(file: &Path) -> Result<Option<BTreeMap<String, String>>> {
    match fs::read(file) {
        Ok(bytes) => {
            let read = serde_json::from_slice(&bytes);
            read.map(Some).with_context(|| format!("{} is damaged: expected a JSON object of strings", file.display()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", file.display())),
    }
}

fn private(file: &Path, mode: Mode) -> Option<Finding> {
    let open = fs::metadata(file).ok()?.permissions().mode() & 0o077;
    if open == 0 {
        return None;
    }
    if mode == Mode::Fix && fs::set_permissions(file, Permissions::from_mode(0o600)).is_ok() {
        return Some(Finding::mended(WHAT, format!("{} is closed to other users", file.display())));
    }
    let said = format!("{} can be read by other users", file.display());
    let why = "Whoever reads it can do what the operator can, and open what is sealed.";
    Some(Finding::problem(WHAT, said).because(why).mend(format!("chmod 600 {}", file.display())))
}

/// The admin key alone can be replaced: another master key would open nothing of what is sealed.
fn strong(data: &Path, known: Option<&BTreeMap<String, String>>, needed: &[&str], mode: Mode) -> Option<Finding> {
    let weak =
        known?.get(ADMIN).filter(|_| needed.contains(&ADMIN)).filter(|key| settings::warning(ADMIN, key).is_some());
    weak?;
    if mode == Mode::Look {
        // The look at the variables warns of it, whoever gave it.
        return None;
    }
    let others: BTreeMap<_, _> = known?.iter().filter(|(name, _)| *name != ADMIN).collect();
    // What if we crash in between? Then there is none, and the next start makes one.
    let replaced = replace(&data.join(keys::FILE_NAME), &others).and_then(|()| keys::load_or_make(data, needed));
    Some(match replaced {
        Ok(made) => {
            Finding::mended(WHAT, format!("a new admin key is in {}: tell those who use it", made.file.display()))
        }
        Err(error) => Finding::problem(WHAT, format!("{error:#}")).because("The admin key might be guessed."),
    })
}

/// The old file or the new one is there, never half of one.
fn replace(file: &Path, values: &BTreeMap<&String, &String>) -> Result<()> {
    let temporary = file.with_extension("json.doctor");
    let write = || -> io::Result<()> {
        let mut handle = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        handle.write_all(&serde_json::to_vec_pretty(values)?)?;
        handle.sync_all()?;
        fs::rename(&temporary, file)
    };
    write().with_context(|| format!("writing {}", file.display()))
}

fn missing(data: &Path, known: Option<&BTreeMap<String, String>>, needed: &[&str], mode: Mode) -> Option<Finding> {
    let missing: Vec<&str> =
        needed.iter().filter(|name| known.is_none_or(|known| !known.contains_key(**name))).copied().collect();
    if missing.is_empty() {
        return None;
    }
    let names = missing.join(" and ");
    if mode == Mode::Look {
        // No problem: a start does it.
        let said =
            format!("{names}: nobody gave any, so the first start makes them, and keeps them in {}", data.display());
        return Some(Finding::ok(format!("{WHAT} ({said})")));
    }
    let made = create(data).and_then(|()| keys::load_or_make(data, &missing));
    Some(match made {
        Ok(made) => Finding::mended(WHAT, format!("made {names}: in {}", made.file.display())),
        Err(error) => Finding::problem(WHAT, format!("{error:#}")).because("Nothing can be sealed without them."),
    })
}

fn create(data: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(data);
    made.with_context(|| format!("creating {}", data.display()))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Findings;
    use super::*;
    use crate::cli::out::Paint;

    fn text(data: &Path, mode: Mode) -> String {
        let mut all = Findings::default();
        all.extend(at(data, &keys::CAN_BE_MADE, mode));
        all.text(Paint::Off)
    }

    #[test]
    fn ops_5_keys_that_nobody_gave_are_made() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        assert!(text(&data, Mode::Look).starts_with("ok       keys (admin_key and master_key: nobody gave any"));
        assert!(!data.exists(), "it only looks");
        assert!(text(&data, Mode::Fix).starts_with("mended   keys: made admin_key and master_key"));
        let made = fs::read(data.join(keys::FILE_NAME)).unwrap();
        assert!(text(&data, Mode::Fix).starts_with("ok       keys in"));
        assert_eq!(fs::read(data.join(keys::FILE_NAME)).unwrap(), made, "nothing that was in order is changed");
    }

    #[test]
    fn ops_5_an_admin_key_that_might_be_guessed_is_replaced_and_the_master_key_stays() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join(keys::FILE_NAME);
        let master = keys::make("master_key").unwrap();
        fs::write(&file, serde_json::json!({"admin_key": "secret", "master_key": master}).to_string()).unwrap();
        let found = text(data.path(), Mode::Look);
        assert!(found.starts_with("problem  keys:") && found.contains("chmod 600"), "{found}");
        let found = text(data.path(), Mode::Fix);
        assert!(found.contains("closed to other users") && found.contains("a new admin key"), "{found}");
        let now = read(&file).unwrap().unwrap();
        assert_eq!(now["master_key"], master);
        assert!(settings::warning(ADMIN, &now[ADMIN]).is_none());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(text(data.path(), Mode::Look).starts_with("ok       keys in"));
    }

    #[test]
    fn ops_5_a_damaged_key_file_stays_as_it_is() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join(keys::FILE_NAME);
        fs::write(&file, "{").unwrap();
        let found = text(data.path(), Mode::Fix);
        assert!(found.starts_with("problem  keys:") && found.contains("is damaged"), "{found}");
        assert_eq!(fs::read(&file).unwrap(), b"{");
    }
}
