//! Which gate a command asks, and as whom: an option before the environment.

use anyhow::{Context, Result};
use clap::Args;

use super::gate::{Gate, Key};

#[derive(Args)]
pub struct Access {
    /// A running gate (also TOLLGATE_URL).
    #[arg(long, env = "TOLLGATE_URL", value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    keys: Keys,
}

#[derive(Args)]
pub struct Keys {
    /// The admin key, for --url. (Better in the environment: arguments are seen by everybody on the machine.)
    #[arg(long, env = "TOLLGATE_ADMIN_KEY", hide_env_values = true, value_name = "KEY")]
    admin_key: Option<String>,
    /// A tenant's secret key instead, which sees what is the tenant's.
    #[arg(long = "key", env = "TOLLGATE_SECRET_KEY", hide_env_values = true, value_name = "KEY")]
    secret_key: Option<String>,
}

impl Access {
    pub fn gate(&self) -> Result<Gate> {
        let url = self.url().context("which gate? Give --url, or TOLLGATE_URL")?;
        Gate::new(url, &self.keys.one()?)
    }
}

impl Access {
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref().filter(|url| !url.is_empty())
    }

    /// Also where the admin key is the one that is used.
    pub fn secret_key(&self) -> Option<&str> {
        self.keys.secret_key.as_deref().filter(|key| !key.is_empty())
    }

    pub fn is_admin(&self) -> bool {
        matches!(self.keys.one(), Ok(Key::Admin(_)))
    }

    pub fn key(&self) -> Option<Key> {
        self.keys.one().ok()
    }
}

impl Keys {
    pub fn one(&self) -> Result<Key> {
        let given = |key: &Option<String>| key.clone().filter(|key| !key.is_empty());
        let admin = given(&self.admin_key).map(Key::Admin);
        let key = admin.or_else(|| given(&self.secret_key).map(Key::Secret));
        key.context("--url needs --admin-key (or TOLLGATE_ADMIN_KEY), or --key (or TOLLGATE_SECRET_KEY)")
    }
}

/// A text as a part of a query.
pub fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut coded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            coded.push(char::from(byte));
        } else {
            coded.push_str(&format!("%{byte:02X}"));
        }
        coded
    })
}
