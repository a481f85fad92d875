//! The keys a first start makes for itself, kept in the data folder for the next one.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

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
    let file = data.join("keys.json");
    let mut all: BTreeMap<String, String> = match fs::read(&file) {
        // Never replaced when unreadable: another master key would make every stored secret useless.
        Ok(bytes) => serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is damaged: expected a JSON object of strings", file.display()))?,
        Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
    };
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

/// Whether a key that somebody gave can be one: found out at the start rather than at the first secret to be sealed.
pub fn check(name: &str, value: &str) -> Result<()> {
    match name {
        "master_key" => ensure!(
            is_key(value),
            "variable `master_key` must be 32 bytes in base64, such as `head -c 32 /dev/urandom | base64` prints"
        ),
        "log_key" => ensure!(
            value.trim().is_empty() || is_key(value),
            "variable `log_key` must be 32 bytes in base64, or empty, for one that is derived from `master_key`"
        ),
        "log_previous_key" => ensure!(
            value.trim().is_empty() || value.trim().parse::<tlog::Verifier>().is_ok(),
            "variable `log_previous_key` must be a verifier key as GET /v1/audit/log/key shows it, or empty"
        ),
        "log_origin" => ensure!(
            !value.contains("://") && !value.trim().contains(|c: char| c == '+' || c.is_whitespace()),
            "variable `log_origin` must be a URL without its scheme, such as gate.example.com/log"
        ),
        "log_access" => {
            ensure!(["keys", "public"].contains(&value), "variable `log_access` must be keys or public");
        }
        "personal_retention" => drop(audit::Retention::parse(value)?),
        "admin_key" => ensure!(!value.is_empty(), "variable `admin_key` must not be empty"),
        _ => {}
    }
    Ok(())
}

fn is_key(value: &str) -> bool {
    STANDARD.decode(value.trim()).is_ok_and(|bytes| bytes.len() == 32)
}

fn make(name: &str) -> Result<String> {
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
    fn a_key_that_is_none_is_told_at_the_start() {
        let good = STANDARD.encode([7; 32]);
        let refused = |name, value: &str| assert!(super::check(name, value).is_err(), "{name} {value}");
        assert!(super::check("master_key", &good).is_ok());
        refused("master_key", "too-short");
        refused("master_key", &STANDARD.encode([7; 31]));
        refused("master_key", "");
        refused("admin_key", "");
        refused("log_key", "too-short");
        assert!(super::check("log_key", &good).is_ok());
        assert!(super::check("log_key", "").is_ok());
        assert!(super::check("public_url", "").is_ok());
        refused("log_previous_key", "somebody");
        refused("log_origin", "https://gate.example.com/log");
        refused("log_access", "everybody");
        refused("personal_retention", "money=0");
        for (name, value) in [
            ("log_previous_key", ""),
            ("log_previous_key", "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"),
            ("log_origin", "gate.example.com/log"),
            ("log_access", "public"),
            ("personal_retention", "money=90"),
        ] {
            assert!(super::check(name, value).is_ok(), "{name} {value}");
        }
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
