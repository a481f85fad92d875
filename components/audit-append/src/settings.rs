//! The variables of the manifest that this component goes by.

use shell::Problem;

/// Their values, as given.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// What the operator shows.
    pub admin_key: String,
    /// What the log's key is derived from when there is no other.
    pub master_key: String,
    /// The log's key: 32 bytes in base64; empty when it is derived.
    pub log_key: String,
    /// The verifier key of who signed the log before; empty when nobody did.
    pub log_previous_key: String,
    /// The log's name: a URL without its scheme; empty when it is made from the key.
    pub log_origin: String,
    /// `keys` or `public`.
    pub log_access: String,
}

/// Who may read the log's tree, which shows nothing of what the entries say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The operator, and every tenant's server.
    Keys,
    /// Everybody.
    Public,
}

impl Settings {
    /// What `read` has under each variable's name.
    pub fn read(read: impl Fn(&str) -> String) -> Self {
        Self {
            admin_key: read("admin_key"),
            master_key: read("master_key"),
            log_key: read("log_key"),
            log_previous_key: read("log_previous_key"),
            log_origin: read("log_origin"),
            log_access: read("log_access"),
        }
    }

    /// Who may read the tree.
    ///
    /// # Errors
    /// Neither of the two: then nobody may, rather than those whom the operator didn't mean.
    pub fn access(&self) -> Result<Access, Problem> {
        match self.log_access.as_str() {
            "keys" => Ok(Access::Keys),
            "public" => Ok(Access::Public),
            other => Err(unusable(format_args!("variable `log_access` must be keys or public, and is {other:?}"))),
        }
    }
}

/// A setting can't be used: 503, and the reason for the operator on stderr.
pub fn unusable(why: impl std::fmt::Display) -> Problem {
    shell::warn!("settings", error = why);
    Problem::offline()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_is_one_of_two() {
        let check = |given: &str, access: Option<Access>| {
            let settings = Settings { log_access: given.into(), ..Settings::default() };
            assert_eq!(settings.access().ok(), access, "{given:?}");
        };
        check("keys", Some(Access::Keys));
        check("public", Some(Access::Public));
        for other in ["", "Public", "public ", "none", "*"] {
            check(other, None);
        }
    }

    #[test]
    fn every_variable_is_read_by_its_name() {
        let settings = Settings::read(str::to_uppercase);
        let Settings { admin_key, master_key, log_key, log_previous_key, log_origin, log_access } = settings;
        assert_eq!(
            [admin_key, master_key, log_key, log_previous_key, log_origin, log_access],
            ["ADMIN_KEY", "MASTER_KEY", "LOG_KEY", "LOG_PREVIOUS_KEY", "LOG_ORIGIN", "LOG_ACCESS"]
        );
    }
}
