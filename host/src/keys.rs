//! The keys a first start makes for itself, kept in the data folder for the next one.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::settings;

/// The key file's name, in the data folder.
pub const FILE_NAME: &str = "keys.json";

/// Variables which can be made when nobody gives them.
pub const CAN_BE_MADE: [&str; 2] = ["admin_key", "master_key"];

/// Keys that stand in the file, and whether any of them is new.
pub struct Made {
    pub values: BTreeMap<String, String>,
    pub file: PathBuf,
    pub new: bool,
}

/// Reads the named keys from the key file, making those that are missing.
pub fn load_or_make(data: &Path, names: &[&str]) -> Result<Made> {
    let file = data.join(FILE_NAME);
    let mut all: BTreeMap<String, String> = match fs::read(&file) {
        // Never replaced when unreadable: another master key would make every stored secret useless.
        Ok(bytes) => serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is damaged: expected a JSON object of strings", file.display()))?,
        Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
    };
    for (name, value) in &all {
        settings::check(name, value).with_context(|| format!("in {}", file.display()))?;
    }
    let mut new = false;
    for name in names {
        if !all.contains_key(*name) {
            all.insert((*name).into(), make(name)?);
            new = true;
        }
    }
    if new {
        write_private(&file, &serde_json::to_vec_pretty(&all)?)
            .with_context(|| format!("writing {}", file.display()))?;
    }
    let values = all.into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect();
    Ok(Made { values, file, new })
}

/// A fresh key of this name.
///
/// # Errors
/// The system gives no randomness.
pub fn make(name: &str) -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the system gives no randomness")?;
    Ok(match name {
        "admin_key" => format!("tg_admin_{}", hex(&bytes)),
        _ => STANDARD.encode(bytes),
    })
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Crash in the middle: either the old file or the new one is there, never half a key. On disk before the key is used,
/// since what it encrypts would otherwise outlive it.
fn write_private(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = file.with_extension("json.new");
    let mut handle = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    handle.write_all(bytes)?;
    handle.sync_all()?;
    fs::rename(&temporary, file)?;
    match file.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn ops_5_a_key_in_the_file_that_is_none_is_named_with_its_file() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("keys.json"), r#"{"admin_key": "with a space"}"#).unwrap();
        let said = format!("{:#}", load_or_make(data.path(), &CAN_BE_MADE).err().unwrap());
        assert!(said.contains("keys.json") && said.contains("variable `admin_key`"), "{said}");
    }

    #[test]
    fn made_once_kept_and_private() {
        let data = tempfile::tempdir().unwrap();
        let first = load_or_make(data.path(), &CAN_BE_MADE).unwrap();
        assert!(first.new);
        let second = load_or_make(data.path(), &CAN_BE_MADE).unwrap();
        assert!(!second.new);
        assert_eq!(first.values, second.values);

        assert_eq!(first.values["admin_key"].len(), "tg_admin_".len() + 64);
        assert_eq!(STANDARD.decode(&first.values["master_key"]).unwrap().len(), 32);
        let mode = fs::metadata(&first.file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_an_error_and_stays() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("keys.json"), "{").unwrap();
        assert!(load_or_make(data.path(), &CAN_BE_MADE).is_err());
        assert_eq!(fs::read(data.path().join("keys.json")).unwrap(), b"{");
    }
}
