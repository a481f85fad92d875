//! How far a twin's voice is: written by who calls the voice vendor, in a record of its own, so that nobody waits for
//! anybody.

use calendar::Millis;
use kv_schemas::{Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};

use crate::{Consent, Voice, find_consents};

/// Where training stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum TrainingStatus {
    /// Never begun.
    #[default]
    Pending,
    /// At the vendor.
    Training,
    /// The voice is there.
    Ready,
    /// It came to nothing; it can be begun anew.
    Failed,
}

impl TrainingStatus {
    /// The name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Training => "training",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }
}

/// The newest training of a twin's voice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Training {
    /// Where it stands.
    pub status: TrainingStatus,
    /// The job that does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// The voice that came of it. An older one stays until there is a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<Voice>,
    /// The consents that held when the sample was sent, by id: a voice is the voice of whoever gave them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sampled_under: Vec<String>,
    /// Those of the voice that is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub voiced_under: Vec<String>,
    /// Why it failed: a stable name, not the vendor's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When this was noted.
    #[serde(default)]
    pub at: Millis,
}

/// A tenant's training.
#[must_use]
pub fn training(tenant: &str) -> Value<Training> {
    families::TWIN_TRAINING.value(&[tenant])
}

/// Reads a tenant's training; where there is none, it is pending.
///
/// # Errors
/// The store can't be reached.
pub fn find_training(store: &dyn Store, tenant: &str) -> Result<Training, StoreError> {
    Ok(training(tenant).get(store)?.unwrap_or_default())
}

/// The voice that was trained, while all consents hold under which its sample was taken: nobody knows whose of them it is. With one taken
/// back, it isn't heard any more, though somebody else consents to the twin meanwhile.
///
/// # Errors
/// The store can't be reached.
pub fn trained_voice(store: &dyn Store, tenant: &str) -> Result<Option<Voice>, StoreError> {
    let Training { voice: Some(voice), voiced_under, .. } = find_training(store, tenant)? else { return Ok(None) };
    let held = held_consents(store, tenant)?;
    Ok((!voiced_under.is_empty() && voiced_under.iter().all(|id| held.contains(id))).then_some(voice))
}

/// The consents that hold now, by id.
///
/// # Errors
/// The store can't be reached.
pub fn held_consents(store: &dyn Store, tenant: &str) -> Result<Vec<String>, StoreError> {
    Ok(find_consents(store, tenant)?.into_iter().filter(Consent::is_active).map(|consent| consent.id).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use kv_schemas::memory::Memory;
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn ses_5_a_voice_is_heard_while_its_own_consents_hold() {
        let consent = |id: &str, revoked: Option<u64>| {
            json!({"id": id, "sealed_subject": "s", "purpose": "p", "given_at": 1, "evidence_sha256": "00",
                "recorded_at": 1, "revoked_at": revoked})
        };
        let check = |voiced_under: &[&str], consents: &[Json], heard: bool| {
            let store = Memory::default();
            let record = Training {
                status: TrainingStatus::Ready,
                voice: Some(Voice { provider: "elevenlabs".into(), voice_id: "v1".into() }),
                voiced_under: voiced_under.iter().map(|id| (*id).to_owned()).collect(),
                ..Training::default()
            };
            training("demo").set(&store, &record).unwrap();
            families::TWIN_CONSENT.value(&["demo"]).set(&store, &json!(consents)).unwrap();
            assert_eq!(trained_voice(&store, "demo").unwrap().is_some(), heard, "{consents:?}");
        };
        check(&["con_1"], &[consent("con_1", None)], true);
        check(&["con_1"], &[consent("con_1", Some(5))], false);
        check(&["con_1"], &[consent("con_1", Some(5)), consent("con_2", None)], false);
        check(&["con_1", "con_2"], &[consent("con_1", Some(5)), consent("con_2", None)], false);
        check(&["con_1", "con_2"], &[consent("con_1", None), consent("con_2", None), consent("con_3", Some(5))], true);
        check(&[], &[consent("con_1", None)], false);
    }
}
