//! A twin with all that it may have, and a change of it that broke off.

use calendar::{DAY, MINUTE, Millis};
use kv_schemas::{Store, memory::Memory};
use serde_json::json;
use tenancy::Unlogged;
use twins::{Consent, Environment, Mtid, Place, Training, TrainingStatus, Voice};

use super::{NOW, crashed};

/// Whose it is: a tenant that is deleted when the story goes on, and takes it along.
const TENANT: &str = "signed";

fn at(store: &dyn Store, now: Millis) -> Place<'_> {
    Place { store, now, journal: &Unlogged }
}

fn consent(id: &str) -> Consent {
    Consent {
        id: id.into(),
        sealed_subject: "v1.sealed-name".into(),
        purpose: "To host the shop".into(),
        given_at: NOW,
        evidence_sha256: "ab".repeat(32),
        recorded_at: NOW,
        revoked_at: None,
    }
}

pub fn told(store: Memory) -> Memory {
    let new = json!({"name": "Meta Travis", "behavior_mode": "Fitness Coach", "avatar_type": "Video Realistic", "emotion": 8,
        "instructions": "Speak of hemp.", "voice": {"provider": "elevenlabs", "voice_id": "v-1"}, "video_persona": "p-1",
        "mesh": {"share": true, "learn": true}});
    let new = twins::parse_twin(&new).unwrap();
    let id = Mtid::from_random([0, 1, 2, 3, 4, 5, 6, 7]);
    twins::create(at(&store, NOW), TENANT, id, new, consent("con_1")).unwrap();
    twins::give_consent(at(&store, NOW), TENANT, consent("con_2")).unwrap();
    twins::revoke_consent(at(&store, NOW.plus(1)), TENANT, "con_1").unwrap();
    let link = twins::parse_link(&json!({"module": "casino", "mode": "dealer", "context": {"table": 7}})).unwrap();
    twins::link(at(&store, NOW), TENANT, link).unwrap();
    twins::deploy(at(&store, NOW), TENANT, Environment::Production).unwrap();
    let licence =
        json!({"creator_wallet": format!("0x{}", "1f".repeat(20)), "options": {"allow_commercial_use": true}});
    twins::license(at(&store, NOW), TENANT, twins::parse_licence(&licence, NOW).unwrap()).unwrap();
    let voice = Voice { provider: "elevenlabs".into(), voice_id: "v-2".into() };
    let status = TrainingStatus::Ready;
    let training = Training {
        status,
        job_id: Some("job_1".into()),
        voice: Some(voice),
        sampled_under: vec!["con_1".into()],
        voiced_under: vec!["con_1".into()],
        error: None,
        at: NOW,
    };
    twins::training(TENANT).set(&store, &training).unwrap();
    let patch = |store: &Memory| drop(twins::patch(at(store, NOW), TENANT, &json!({"emotion": 9})));
    crashed(&store, patch, |store| store.exists("twin-changing/signed/1").unwrap())
}

pub fn goes_on(store: &dyn Store) {
    // Earlier releases had no twins.
    let Some(twin) = twins::named(store, TENANT).unwrap() else { return };
    assert_eq!((twin.status(), twin.links.len(), twins::has_consent(store, TENANT).unwrap()), ("deployed", 1, true));
    assert_eq!(twins::named(store, &twin.id.to_string()).unwrap().unwrap().tenant, TENANT);
    assert_eq!(twins::find_training(store, TENANT).unwrap().status, TrainingStatus::Ready);
    assert_eq!(twins::list(store, 0, 10).unwrap().twins, [twin]);
    // Whoever broke off is not waited for.
    let later = at(store, NOW.plus(MINUTE));
    assert_eq!(u8::from(twins::patch(later, TENANT, &json!({"emotion": 9})).unwrap().emotion), 9);
    twins::retire(at(store, NOW.plus(DAY)), TENANT).unwrap();
}
