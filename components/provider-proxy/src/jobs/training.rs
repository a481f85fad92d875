//! A job that trains a twin's voice: what the twin's own record says of it (`twins::Training`).

use events::Event;
use kv_schemas::{Store, StoreError};
use serde_json::{Value as Json, json};
use twins::{Training, TrainingStatus, Voice};

use super::record::{Job, State};

/// The kind of such a job, as the adapters know it.
pub const KIND: &str = "voice.clone";

/// A job of this kind is about to be handed to the vendor. An older voice stays until there is a new one.
pub fn begun(store: &dyn Store, job: &Job) -> Result<(), StoreError> {
    let before = twins::find_training(store, &job.tenant)?;
    let training = Training {
        status: TrainingStatus::Training,
        job_id: Some(job.id.clone()),
        voice: before.voice,
        voiced_under: before.voiced_under,
        sampled_under: twins::held_consents(store, &job.tenant)?,
        error: None,
        at: job.started_at,
    };
    twins::training(&job.tenant).set(store, &training)
}

/// A job is about to be closed: if it is the twin's newest training, that is over too, and its tenant hears of it. Before the
/// job is off the list; what if we crash in between? The next look closes it, and this says the same once more.
pub fn ended(store: &dyn Store, job: &Job) -> Result<(), StoreError> {
    if job.kind != KIND {
        return Ok(());
    }
    let before = twins::find_training(store, &job.tenant)?;
    if before.job_id.as_deref() != Some(&job.id) {
        // A newer one has taken its place, or it never came to be noted.
        return Ok(());
    }
    let training = match &job.state {
        State::Queued | State::Running => return Ok(()),
        State::Done { result, at } => match voice(&job.provider, result) {
            Some(voice) => {
                let voiced_under = before.sampled_under.clone();
                Training {
                    status: TrainingStatus::Ready,
                    voice: Some(voice),
                    voiced_under,
                    error: None,
                    at: *at,
                    ..before
                }
            }
            None => Training { status: TrainingStatus::Failed, error: Some("no_voice".into()), at: *at, ..before },
        },
        State::Failed { code, at, .. } => {
            Training { status: TrainingStatus::Failed, error: Some(code.clone()), at: *at, ..before }
        }
    };
    if training.status == TrainingStatus::Ready {
        let voice = training.voice.as_ref();
        let data = json!({
            "tenant_id": job.tenant,
            "job_id": job.id,
            "provider": job.provider,
            "voice_id": voice.map(|voice| voice.voice_id.as_str()),
            "limit_check_id": job.permit,
        });
        events::emit(store, &job.tenant, &Event::new("twin.trained", &job.id, training.at, None, data))?;
    }
    twins::training(&job.tenant).set(store, &training)
}

fn voice(provider: &str, result: &Json) -> Option<Voice> {
    let voice_id = result.get("voice_id")?.as_str().filter(|id| !id.is_empty())?;
    Some(Voice { provider: provider.into(), voice_id: voice_id.into() })
}

#[cfg(test)]
mod tests {
    use calendar::Millis;
    use kv_schemas::memory::Memory;

    use super::*;

    fn job(id: &str, state: State) -> Job {
        let mut job: Job = serde_json::from_value(json!({
            "id": id, "tenant": "demo", "session": null, "provider": "elevenlabs", "kind": KIND,
            "binding": { "mode": "live", "options": {} }, "vendor_id": null, "permit": "lc_1", "started_at": 5,
            "next_look": 0, "looks": 0, "state": { "status": "queued" }, "list_index": 0,
        }))
        .unwrap();
        job.state = state;
        job
    }

    fn done(voice: &str) -> State {
        State::Done { result: json!({ "voice_id": voice }), at: Millis(9) }
    }

    fn failed() -> State {
        State::Failed { code: "lost".into(), message: String::new(), at: Millis(9) }
    }

    /// How many events, each with its own id.
    fn told(store: &Memory) -> usize {
        let ids = events::read(store, "demo", 0, 10).unwrap().events.into_iter().map(|(_, event)| event.id);
        ids.collect::<std::collections::BTreeSet<_>>().len()
    }

    #[test]
    fn twn_1_a_voice_is_the_twins_when_its_newest_job_is_done() {
        let store = Memory::default();
        let check = |status: TrainingStatus, voice: Option<&str>, error: Option<&str>| {
            let found = twins::find_training(&store, "demo").unwrap();
            let id = found.voice.as_ref().map(|voice| voice.voice_id.as_str());
            assert_eq!((found.status, id, found.error.as_deref()), (status, voice, error));
        };
        check(TrainingStatus::Pending, None, None);
        begun(&store, &job("job_1", State::Queued)).unwrap();
        check(TrainingStatus::Training, None, None);
        ended(&store, &job("job_1", State::Running)).unwrap();
        ended(&store, &job("job_0", done("other"))).unwrap();
        ended(&store, &Job { kind: "clip".into(), ..job("job_1", done("other")) }).unwrap();
        check(TrainingStatus::Training, None, None);
        for _ in 0..2 {
            ended(&store, &job("job_1", done("v1"))).unwrap();
            check(TrainingStatus::Ready, Some("v1"), None);
            assert_eq!(told(&store), 1);
        }
        begun(&store, &job("job_2", State::Queued)).unwrap();
        check(TrainingStatus::Training, Some("v1"), None);
        ended(&store, &job("job_2", failed())).unwrap();
        check(TrainingStatus::Failed, Some("v1"), Some("lost"));
        begun(&store, &job("job_3", State::Queued)).unwrap();
        ended(&store, &job("job_3", State::Done { result: json!({}), at: Millis(9) })).unwrap();
        check(TrainingStatus::Failed, Some("v1"), Some("no_voice"));
        assert_eq!(told(&store), 1);
    }

    #[test]
    fn twn_1_a_crash_anywhere_is_made_good_by_the_next_look() {
        for operations in 0..40 {
            let store = Memory::default();
            begun(&store, &job("job_1", State::Queued)).unwrap();
            store.fail_after(operations);
            let first = ended(&store, &job("job_1", done("v1")));
            store.recover();
            ended(&store, &job("job_1", done("v1"))).unwrap();
            let found = twins::find_training(&store, "demo").unwrap();
            assert_eq!(found.status, TrainingStatus::Ready, "{operations}");
            // A place in the feed that was taken and never filled holds the reader up for a moment.
            assert!(told(&store) <= 1, "{operations}");
            if first.is_ok() {
                assert_eq!(told(&store), 1);
                return;
            }
        }
        panic!("it never went through");
    }
}
