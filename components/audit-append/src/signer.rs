//! The log's own key and name: what checkpoints are signed with.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tlog::Signer;
use vault::Vault;

use crate::settings::Settings;

/// What the key is derived for, when it is derived.
const PURPOSE: &str = "log";
/// Where a log lives that has no address.
const NOWHERE: &str = "tollgate.localhost";
/// The longest origin, in bytes.
const MAX_ORIGIN: usize = 200;

/// Why nothing can be signed. Each is the operator's to mend; until then entries get their places and count, and wait for
/// their checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignerError {
    /// Never replaced by a derived key: whoever gave one wants no other.
    #[error("variable `log_key` must be 32 bytes in base64, such as `head -c 32 /dev/urandom | base64` prints")]
    BadLogKey,
    /// There is no `log_key`, and nothing to derive one from.
    #[error("variable `master_key` must be 32 bytes in base64")]
    BadMasterKey,
    /// Guessing who may have signed before would let anybody be it.
    #[error("variable `log_previous_key` must be a verifier key as GET /v1/audit/log/key shows it, or empty")]
    BadPreviousKey,
    /// The origin stands in every checkpoint, so it must be right from the first one on.
    #[error(
        "variable `log_origin` must be a URL without its scheme, such as gate.example.com/log, of at most 200 \
         characters and with no `+`"
    )]
    BadOrigin,
}

/// The signer that these settings name: always the same one for the same settings.
///
/// # Errors
/// A setting is malformed.
pub fn signer(settings: &Settings) -> Result<Signer, SignerError> {
    let seed = seed(settings)?;
    let origin = match settings.log_origin.trim() {
        "" => format!("{NOWHERE}/{}", short(&public_key(seed)?)),
        origin if is_origin(origin) => origin.to_owned(),
        _ => return Err(SignerError::BadOrigin),
    };
    let signer = Signer::new(origin, seed).map_err(|_| SignerError::BadOrigin)?;
    match settings.log_previous_key.trim() {
        "" => Ok(signer),
        key => Ok(signer.succeeding(key.parse().map_err(|_| SignerError::BadPreviousKey)?)),
    }
}

fn seed(settings: &Settings) -> Result<[u8; 32], SignerError> {
    let given = settings.log_key.trim();
    if given.is_empty() {
        let vault = Vault::new(&settings.master_key).map_err(|_| SignerError::BadMasterKey)?;
        return vault.derive(PURPOSE).map_err(|_| SignerError::BadMasterKey);
    }
    let bytes = STANDARD.decode(given).map_err(|_| SignerError::BadLogKey)?;
    bytes.try_into().map_err(|_| SignerError::BadLogKey)
}

fn public_key(seed: [u8; 32]) -> Result<[u8; 32], SignerError> {
    Ok(Signer::new(NOWHERE, seed).map_err(|_| SignerError::BadOrigin)?.verifier().public_key())
}

/// Enough to tell the logs of two keys apart: 8 digits of hex.
fn short(public_key: &[u8; 32]) -> String {
    Sha256::digest(public_key).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// `host[:port][/path]`.
fn is_origin(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"+?#\\\"<>".contains(&byte));
    let named = text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[');
    plain && named && text.len() <= MAX_ORIGIN && !text.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes 0 to 31, and 31 to 0.
    const UP: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const DOWN: &str = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    fn of(master_key: &str, log_key: &str, log_origin: &str) -> Result<String, SignerError> {
        let text = |text: &str| text.to_owned();
        let (master_key, log_key, log_origin) = (text(master_key), text(log_key), text(log_origin));
        let settings = Settings { master_key, log_key, log_origin, ..Settings::default() };
        signer(&settings).map(|signer| signer.verifier().to_string())
    }

    #[test]
    fn the_key_is_the_given_one_or_derived() {
        let check = |master: &str, key: &str, origin: &str, vkey: &str| {
            assert_eq!(of(master, key, origin).as_deref(), Ok(vkey), "{master} {key} {origin}");
        };
        // Computed by another program (Python's `cryptography`).
        check(
            "",
            UP,
            "gate.example.com/log",
            "gate.example.com/log+3b2b9f63+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        );
        check(
            DOWN,
            UP,
            " gate.example.com/log\n",
            "gate.example.com/log+3b2b9f63+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        );
        check(
            "",
            &format!("{UP}\n"),
            "",
            "tollgate.localhost/56475aa7+4bc855a5+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        );
        check(
            UP,
            "",
            "gate.example.com/log",
            "gate.example.com/log+0b623722+ARkxOJK2JDC+qJR3xjZtAvk71FPMMIPCKlcQ+ynL3h2W",
        );
        check(UP, " ", "", "tollgate.localhost/e737a2bc+ad8dc7cb+ARkxOJK2JDC+qJR3xjZtAvk71FPMMIPCKlcQ+ynL3h2W");
    }

    #[test]
    fn another_master_key_is_another_log() {
        let name = |master: &str| of(master, "", "").unwrap().split('+').next().unwrap().to_owned();
        assert_ne!(name(UP), name(DOWN));
        assert_ne!(of(UP, "", "").unwrap(), of(UP, UP, "").unwrap(), "the master key itself never signs");
    }

    #[test]
    fn a_bad_setting_is_never_passed_over() {
        let check = |master: &str, key: &str, origin: &str, error: SignerError| {
            assert_eq!(of(master, key, origin), Err(error), "{master} {key} {origin}");
        };
        for key in ["AAAA", "not base64", &UP[1..], &format!("{UP}{UP}"), &UP.replace('A', "-")] {
            check(UP, key, "", SignerError::BadLogKey);
        }
        for master in ["", "AAAA", "not base64"] {
            check(master, "", "", SignerError::BadMasterKey);
        }
        for origin in [
            "https://gate.example.com",
            "//gate.example.com",
            "/log",
            "gate example",
            "gate.example.com/a+b",
            "gate.example.com\n1",
            "gate.example.com?x",
            "gate.exämple.com",
            &"a".repeat(201),
        ] {
            check(UP, "", origin, SignerError::BadOrigin);
        }
        for origin in ["gate.example.com", "127.0.0.1:3000/log", "[::1]:3000", &"a".repeat(200)] {
            assert!(of(UP, "", origin).is_ok(), "{origin}");
        }
    }
}
