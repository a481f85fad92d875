//! Which gate an operator's command asks when nothing is said of it: the one that `up` starts on this machine, with the key
//! that it has made for itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use clap::Args;
use tollgate::keys;

use super::access::Access;
use super::gate::{Gate, Key};

/// Where `up` listens unless it is told otherwise.
pub const LOCAL: &str = "http://127.0.0.1:3000";

#[derive(Args)]
pub struct Operator {
    #[command(flatten)]
    access: Access,
    /// Data folder of a gate on this machine that has made its own keys: its admin key is taken where none is given, for an
    /// address of this machine alone.
    #[arg(long, default_value = ".tollgate", value_name = "DIR")]
    data: PathBuf,
}

impl Operator {
    /// By whatever key there is.
    pub fn gate(&self) -> Result<Gate> {
        Gate::new(self.url(), &self.key()?)
    }

    /// By the operator's key alone: what a tenant's may do is less, and a refusal would only say that.
    pub fn admin(&self) -> Result<Gate> {
        let key = self.key()?;
        ensure!(matches!(key, Key::Admin(_)), "this is the operator's to do: give --admin-key, or TOLLGATE_ADMIN_KEY");
        Gate::new(self.url(), &key)
    }

    pub fn url(&self) -> &str {
        self.access.url().unwrap_or(LOCAL).trim_end_matches('/')
    }

    fn key(&self) -> Result<Key> {
        match self.access.key() {
            Some(key) => Ok(key),
            None => made(self.url(), &self.data),
        }
    }
}

/// The admin key that a gate on this machine has made for itself.
fn made(url: &str, data: &Path) -> Result<Key> {
    let ask = "give TOLLGATE_ADMIN_KEY (the operator's), or TOLLGATE_SECRET_KEY (a tenant's)";
    ensure!(is_here(url), "who asks {url}? {ask}");
    let file = data.join(keys::FILE_NAME);
    let missing = || format!("who asks {url}? {ask}, or with --data the folder of a gate that has made its own");
    let text = fs::read(&file).with_context(|| format!("reading {}", file.display())).with_context(missing)?;
    let all: BTreeMap<String, String> =
        serde_json::from_slice(&text).map_err(|error| anyhow!("{} is damaged: {error}", file.display()))?;
    all.get("admin_key").cloned().map(Key::Admin).with_context(missing)
}

/// Whether an address is of this machine: a key that nobody named goes nowhere else.
fn is_here(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else { return false };
    match uri.host().map(|host| host.trim_matches(['[', ']'])) {
        Some("localhost") => true,
        Some(host) => host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_4_a_key_that_nobody_named_stays_on_this_machine() {
        let data = tempfile::tempdir().unwrap();
        let said = made(LOCAL, data.path()).unwrap_err().to_string();
        assert!(said.contains("TOLLGATE_ADMIN_KEY") && said.contains("--data"), "{said}");
        let file = keys::load_or_make(data.path(), &keys::CAN_BE_MADE).unwrap();
        for (url, here) in [
            (LOCAL, true),
            ("http://localhost:8080", true),
            ("http://[::1]:3000", true),
            ("https://gate.example.com", false),
            ("http://localhost.example.com", false),
            ("http://127.0.0.1.example.com:3000", false),
            ("not an address", false),
        ] {
            assert_eq!(is_here(url), here, "{url}");
            let expected = here.then(|| Key::Admin(file.values["admin_key"].clone()));
            assert_eq!(made(url, data.path()).ok(), expected, "{url}");
        }
    }
}
