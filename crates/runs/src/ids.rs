//! Names: which are allowed, and which follow from others.

use sha2::{Digest, Sha256};

/// Whether it may name a recipe or a step: `[a-z0-9_-]{1,64}`.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

/// Whether it may name a run: `run_[A-Za-z0-9]{1,64}`.
#[must_use]
pub fn is_run_id(text: &str) -> bool {
    text.strip_prefix("run_")
        .is_some_and(|rest| (1..=64).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// The job's id: the same attempt has the same job, however often it is begun.
#[must_use]
pub fn job_id(run: &str, step: &str, attempt: u32) -> String {
    let mut hash = Sha256::new();
    for part in ["run", run, step, &attempt.to_string()] {
        // With lengths, so that no two triples are hashed alike.
        hash.update(u64::try_from(part.len()).unwrap_or(0).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let hex: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("job_{hex}")
}

/// What names the permit of an attempt: asked for again, the same permit comes back.
#[must_use]
pub fn permit_token(run: &str, step: &str, attempt: u32) -> String {
    format!("run/{run}/{step}/{attempt}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_short() {
        let check = |text: &str, good: bool| assert_eq!(is_id(text), good, "{text:?}");
        for good in ["a", "0", "_", "-", "clips-2_b", &"a".repeat(64)] {
            check(good, true);
        }
        for bad in ["", "A", "a.b", "a b", "ä", "a/b", "a\n", &"a".repeat(65)] {
            check(bad, false);
        }
        let check = |text: &str, good: bool| assert_eq!(is_run_id(text), good, "{text:?}");
        for good in ["run_1", "run_aZ9", &format!("run_{}", "a".repeat(64))] {
            check(good, true);
        }
        for bad in ["run_", "run", "", "Run_1", "run_a.b", "run_a_b", &format!("run_{}", "a".repeat(65))] {
            check(bad, false);
        }
    }

    #[test]
    fn an_attempt_has_one_job_id_and_no_other_has_it() {
        assert_eq!(job_id("run_1", "a", 1), job_id("run_1", "a", 1));
        // Known answer, by Python's hashlib over lengths (8 bytes, big-endian) and texts.
        assert_eq!(job_id("run_1", "a", 1), "job_42fdff3d0315af5024dbcc04d59326bb");
        let ids = [("run_1", "a", 1), ("run_1", "a", 2), ("run_1", "a1", 1), ("run_1a", "", 1), ("run_1", "a", 11)];
        let mut made: Vec<_> = ids.iter().map(|(run, step, attempt)| job_id(run, step, *attempt)).collect();
        made.sort();
        made.dedup();
        assert_eq!(made.len(), ids.len());
        assert_eq!(permit_token("run_1", "clips.1", 2), "run/run_1/clips.1/2");
    }
}
