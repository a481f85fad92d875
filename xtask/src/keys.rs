//! The keys a developer's gate runs with: made once from the system's randomness, kept in the data folder, mode 0600.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// What `dev-keys.json` holds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct DevKeys {
    pub admin_key: String,
    /// 32 bytes in base64; vendors' secrets in the store are sealed with it.
    pub master_key: String,
    /// The keys of the tenant `demo`. The gate shows them once, when the tenant is made.
    pub demo: Option<TenantKeys>,
    #[serde(skip)]
    file: PathBuf,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct TenantKeys {
    pub publishable_key: String,
    pub secret_key: String,
}

impl DevKeys {
    /// Reads the keys of the data folder `data`, or makes them.
    pub fn load_or_make(data: &Path) -> Result<Self> {
        fs::create_dir_all(data).with_context(|| format!("{} can't be made", data.display()))?;
        let file = data.join("dev-keys.json");
        match fs::read(&file) {
            Ok(text) => {
                let keys: Self = serde_json::from_slice(&text)
                    .with_context(|| format!("{} is damaged; remove it to get new keys", file.display()))?;
                Ok(Self { file, ..keys })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let admin_key = format!("tg_admin_{}", URL_SAFE_NO_PAD.encode(random()?));
                let keys = Self { admin_key, master_key: STANDARD.encode(random()?), demo: None, file };
                // Before the gate starts: what it seals with a master key that was never written could not be opened again.
                keys.save()?;
                Ok(keys)
            }
            Err(error) => Err(error).with_context(|| format!("{} can't be read", file.display())),
        }
    }

    /// Writes the whole file anew and then gives it its name: a crash leaves the old keys or the new ones, never half.
    pub fn save(&self) -> Result<()> {
        let fresh = self.file.with_extension("json.new");
        drop(fs::remove_file(&fresh));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(serde_json::to_string_pretty(self)?.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, &self.file).with_context(|| format!("{} can't be written", self.file.display()))
    }
}

fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("/dev/urandom can't be read")?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_are_made_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut keys = DevKeys::load_or_make(&data).unwrap();
        assert_eq!(STANDARD.decode(&keys.master_key).unwrap().len(), 32);
        assert_eq!(DevKeys::load_or_make(&data).unwrap(), keys);

        keys.demo = Some(TenantKeys { publishable_key: "tg_pk_1".into(), secret_key: "tg_sk_1".into() });
        keys.save().unwrap();
        assert_eq!(DevKeys::load_or_make(&data).unwrap(), keys);
        assert_eq!(fs::metadata(data.join("dev-keys.json")).unwrap().permissions().mode() & 0o777, 0o600);

        let other = DevKeys::load_or_make(&folder.path().join("other")).unwrap();
        assert!(other.admin_key != keys.admin_key && other.master_key != keys.master_key);
    }

    #[test]
    fn a_damaged_file_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("dev-keys.json"), "{").unwrap();
        let error = DevKeys::load_or_make(folder.path()).unwrap_err();
        assert!(error.to_string().contains("damaged"), "{error}");
    }
}
