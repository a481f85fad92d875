//! Names that follow from others: who comes again has the same.

use sha2::{Digest, Sha256};

/// `prefix` and 32 hex digits that follow from `parts`, and tell nobody what those are.
pub fn named(prefix: &str, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // With lengths, so that no two lists are hashed alike.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(16).fold(prefix.to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_cause_has_one_name() {
        assert_eq!(named("run_", &["message", "evt_1"]), named("run_", &["message", "evt_1"]));
        assert_ne!(named("run_", &["message", "evt_1"]), named("run_", &["message", "evt_2"]));
        assert_ne!(named("run_", &["a", "bc"]), named("run_", &["ab", "c"]));
        assert!(runs::is_run_id(&named("run_", &["message", "evt_1"])));
    }
}
