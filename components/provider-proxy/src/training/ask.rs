//! Who may have a twin's voice trained, and what they say.

use std::rc::Rc;

use calendar::{Millis, SECOND};
use kv_schemas::{Once, Store, families};
use serde::Deserialize;
use shell::{Call, Problem, offline};
use tenancy::Claim;
use twins::{BehaviorMode, Mtid, TrainingStatus, Twin};

use crate::{
    bindings::sessions::{Caller, Grant},
    caller::anyone,
    jobs,
};

/// The largest sample as it is sent, in characters of base64.
const MAX_SAMPLE: usize = 700 * 1024;

/// As `POST /v1/twins/{id}/train` takes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    voice_sample: String,
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    behavior_preset: Option<String>,
    #[serde(default)]
    provider: Option<String>,
}

/// The same by the names of an older interface.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Camel {
    mtid: String,
    voice_sample: String,
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    behavior_preset: Option<String>,
    #[serde(default)]
    provider: Option<String>,
}

impl Camel {
    /// The twin's id, and the rest.
    pub fn split(self) -> (String, Body) {
        let Self { mtid, voice_sample, media_type, behavior_preset, provider } = self;
        (mtid, Body { voice_sample, media_type, behavior_preset, provider })
    }
}

/// By which interface somebody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    Own,
    Older,
}

/// What is to be done, for whom.
pub struct Wanted {
    /// Of the twin's tenant.
    pub grant: Grant,
    pub twin: Rc<Twin>,
    pub sample: String,
    pub media_type: String,
    pub preset: Option<BehaviorMode>,
    pub provider: Option<String>,
    pub front: Front,
}

/// The operator, or a tenant's server: a page can't have anybody's voice made.
pub fn asker(call: &Call) -> Result<Grant, Problem> {
    let grant = anyone(call)?;
    match grant.caller {
        Caller::Operator | Caller::Server => Ok(grant),
        Caller::Page => {
            Err(Problem::forbidden("secret_key_needed", "This route is for a tenant's secret key; pages can't use it."))
        }
    }
}

/// Reads what is asked, and whether it may be.
pub fn wanted(store: &dyn Store, asker: Grant, id: &str, body: Body, front: Front) -> Result<Wanted, Problem> {
    let (sample, preset) = match front {
        Front::Own => ("voice_sample", "behavior_preset"),
        Front::Older => ("voiceSample", "behaviorPreset"),
    };
    let twin = find(store, &asker, id)?;
    if body.voice_sample.is_empty() || body.voice_sample.len() > MAX_SAMPLE {
        return Err(Problem::invalid(sample, format!("must have 1 to {MAX_SAMPLE} characters of base64")));
    }
    let mode = body.behavior_preset.map(|name| name.parse::<BehaviorMode>()).transpose();
    let mode = mode.map_err(|error| Problem::invalid(preset, error.to_string()))?;
    Ok(Wanted {
        grant: Grant { caller: Caller::Server, tenant: twin.tenant.clone(), ..asker },
        twin,
        sample: body.voice_sample,
        media_type: body.media_type.unwrap_or_else(|| "audio/mpeg".into()),
        preset: mode,
        provider: body.provider,
        front,
    })
}

/// The twin, if its voice may be trained now.
fn find(store: &dyn Store, asker: &Grant, id: &str) -> Result<Rc<Twin>, Problem> {
    let unreachable = |error: kv_schemas::StoreError| offline(&error);
    let nowhere = || Problem::not_found("There is no such twin.");
    // What looks like a twin's id may be a tenant's: it is a twin's if there is such a twin.
    let known = match id.parse::<Mtid>() {
        Ok(mtid) => twins::find_owner(store, mtid).map_err(unreachable)?,
        Err(_) => None,
    };
    let owner = known.or_else(|| tenancy::is_id(id).then(|| id.to_owned())).ok_or_else(nowhere)?;
    if asker.caller == Caller::Server && asker.tenant != owner {
        return Err(Problem::forbidden("wrong_tenant", "This key belongs to another tenant."));
    }
    let tenant = tenancy::find_tenant(store, &owner).map_err(unreachable)?.ok_or_else(nowhere)?;
    let access = tenant.twin.ok_or_else(nowhere)?;
    let twin = twins::find_twin(store, &owner).map_err(unreachable)?.ok_or_else(nowhere)?;
    if twin.retired_at.is_some() {
        return Err(Problem::forbidden("twin_retired", "The twin is retired."));
    }
    if access.closed.is_some() || !twins::has_consent(store, &owner).map_err(unreachable)? {
        return Err(Problem::forbidden("consent_required", "Nobody's consent to this twin holds."));
    }
    Ok(twin)
}

/// How long a beginning may take until the training's record says that it is under way.
const TURN_MS: u64 = 30 * SECOND;

/// The right to begin one, which one caller has at a time.
pub fn turn(store: &dyn Store, tenant: &str, now: Millis) -> Result<Claim<impl Fn(&str) -> Once + use<>>, Problem> {
    let owner = tenant.to_owned();
    let attempts = move |attempt: &str| families::TWIN_TRAINING_TURN.once(&[&owner, attempt]);
    let claim = Claim::take(store, families::TWIN_TRAINING_MARK.value(&[tenant]), attempts, now, TURN_MS);
    let claim = claim.map_err(|error| offline(&error))?;
    claim.ok_or_else(|| Problem::conflict("training_active", "The twin's voice is being trained already."))
}

/// Refuses a second training beside one that is under way. Asked after the idempotency key: a repeat of the first one is no second.
pub fn alone(store: &dyn Store, tenant: &str) -> Result<(), Problem> {
    let unreachable = |error: kv_schemas::StoreError| offline(&error);
    let training = twins::find_training(store, tenant).map_err(unreachable)?;
    if let (TrainingStatus::Training, Some(job)) = (training.status, &training.job_id) {
        let job = jobs::record(job).get(store).map_err(unreachable)?;
        if job.is_some_and(|job| !job.state.is_over()) {
            return Err(Problem::conflict("training_active", "The twin's voice is being trained already."));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use kv_schemas::memory::Memory;
    use serde_json::{Value as Json, json};
    use tenancy::{Tenant, TwinAccess};

    use super::*;

    fn grant(caller: Caller, tenant: &str) -> Grant {
        Grant {
            caller,
            tenant: tenant.into(),
            session: None,
            credential: "key".into(),
            channel: String::new(),
            capabilities: Vec::new(),
            module: None,
            behavior: None,
            origin: None,
        }
    }

    fn house() -> Memory {
        let store = Memory::default();
        let tenant = Tenant { twin: Some(TwinAccess::new("MTID#7K3Q-9D2M-XW4B")), ..Tenant::new("demo", "acme") };
        families::TENANT.value(&["demo"]).set(&store, &tenant).unwrap();
        families::TENANT.value(&["other"]).set(&store, &Tenant::new("other", "acme")).unwrap();
        families::TWIN_ID.value(&["7K3Q-9D2M-XW4B"]).set(&store, &"demo".to_owned()).unwrap();
        put(&store, json!({}));
        consent(&store, Json::Null);
        store
    }

    fn put(store: &Memory, more: Json) {
        let mut twin = json!({"id": "MTID#7K3Q-9D2M-XW4B", "tenant": "demo", "name": "Ada", "behavior_mode": "host",
            "created_at": 1, "updated_at": 1});
        twin.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        families::TWIN.value(&["demo"]).set(store, &twin).unwrap();
    }

    fn consent(store: &Memory, revoked_at: Json) {
        let consent = json!([{"id": "con_1", "sealed_subject": "s", "purpose": "p", "given_at": 1,
            "evidence_sha256": "0".repeat(64), "recorded_at": 1, "revoked_at": revoked_at}]);
        families::TWIN_CONSENT.value(&["demo"]).set(store, &consent).unwrap();
    }

    fn ask(store: &Memory, caller: Caller, tenant: &str, id: &str, more: Json) -> Result<Wanted, Problem> {
        let mut body = json!({"voice_sample": "SUQz"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let body = serde_json::from_value(body).unwrap();
        wanted(store, grant(caller, tenant), id, body, Front::Own)
    }

    #[test]
    fn twn_1_a_voice_is_trained_for_who_may() {
        let store = house();
        let check = |caller: Caller, tenant: &str, id: &str, refused: Option<&str>| {
            let found = ask(&store, caller, tenant, id, json!({}));
            assert_eq!(found.err().map(|problem| problem.code).as_deref(), refused, "{tenant} {id}");
        };
        for id in ["demo", "MTID%237K3Q-9D2M-XW4B", "MTID#7K3Q-9D2M-XW4B", "7k3q-9d2m-xw4b"] {
            check(Caller::Server, "demo", id, None);
            check(Caller::Operator, "", id, None);
            check(Caller::Server, "other", id, Some("wrong_tenant"));
        }
        check(Caller::Server, "other", "other", Some("not_found"));
        check(Caller::Operator, "", "nobody", Some("not_found"));
        check(Caller::Operator, "", "MTID#0000-0000-0000", Some("not_found"));
    }

    #[test]
    fn twn_5_no_voice_without_consent() {
        let code = |store: &Memory| ask(store, Caller::Server, "demo", "demo", json!({})).err().map(|found| found.code);
        let store = house();
        assert_eq!(code(&store), None);
        consent(&store, json!(5));
        assert_eq!(code(&store).as_deref(), Some("consent_required"));
        consent(&store, Json::Null);
        put(&store, json!({"retired_at": 5}));
        assert_eq!(code(&store).as_deref(), Some("twin_retired"));
    }

    #[test]
    fn twn_1_of_two_who_begin_at_once_one_does() {
        let store = Memory::default();
        let now = Millis(1_000_000);
        let code = |at: Millis| turn(&store, "demo", at).err().map(|found| found.code);
        let first = turn(&store, "demo", now).unwrap();
        assert_eq!(code(now).as_deref(), Some("training_active"));
        first.release(&store).unwrap();
        assert!(store.keys().is_empty(), "{:?}", store.keys());
        assert_eq!(code(now), None);
        assert_eq!(code(now.plus(SECOND)).as_deref(), Some("training_active"), "it has crashed, perhaps");
        assert_eq!(code(now.plus(TURN_MS)), None);
    }

    #[test]
    fn twn_1_one_training_at_a_time() {
        let store = house();
        let training = json!({"status": "training", "job_id": "job_1"});
        families::TWIN_TRAINING.value(&["demo"]).set(&store, &training).unwrap();
        let code = |store: &Memory| alone(store, "demo").err().map(|found| found.code);
        assert_eq!(code(&store), None, "its job is nowhere");
        let mut job = json!({
            "id": "job_1", "tenant": "demo", "session": null, "provider": "elevenlabs", "kind": "voice.clone",
            "binding": { "mode": "live", "options": {} }, "vendor_id": null, "permit": "lc_1", "started_at": 5,
            "next_look": 0, "looks": 0, "state": { "status": "queued" }, "list_index": 0,
        });
        families::JOB.value(&["job_1"]).set(&store, &job).unwrap();
        assert_eq!(code(&store).as_deref(), Some("training_active"));
        job["state"] = json!({"status": "failed", "code": "lost", "message": "", "at": 5});
        families::JOB.value(&["job_1"]).set(&store, &job).unwrap();
        assert_eq!(code(&store), None);
    }

    #[test]
    fn twn_1_what_is_wrong_is_named() {
        let store = house();
        let check = |more: Json, param: Option<&str>| {
            let found = ask(&store, Caller::Server, "demo", "demo", more.clone());
            assert_eq!(found.err().and_then(|problem| problem.param).as_deref(), param, "{more}");
        };
        check(json!({"behavior_preset": "Fitness Coach"}), None);
        check(json!({"behavior_preset": "villain"}), Some("behavior_preset"));
        check(json!({"voice_sample": ""}), Some("voice_sample"));
        check(json!({"voice_sample": "A".repeat(MAX_SAMPLE + 1)}), Some("voice_sample"));
    }
}
