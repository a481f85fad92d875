//! A twin's voice: a sample goes to the vendor of speech, a voice comes back, and speech uses it from then on.
//!
//! It is a job like any other (`crate::jobs`), under a permit and in the log; only the twin's own server or the operator can
//! start one, and only while somebody's consent to the twin holds. The sample passes through: it is in no record and no log.
//!
//! | effect | a crash after it leaves |
//! |---|---|
//! | permit, and job on the list | as of any job; the twin's training is as it was |
//! | training says which job | a job that no vendor knows: lost after 3 minutes, and the training `failed` |
//! | vendor called, job under way | it is looked at when due |
//! | training `ready` or `failed`, told as an event | the job is still on the list: the next look says the same again |
//! | job closed | nothing to do |

mod ask;

use serde_json::{Value as Json, json};
use shell::{Call, KeyValue, Problem, Reply, host, idempotency::Head, offline, warn};
use twins::{Training, Twin};

use self::ask::{Body, Front, Wanted};
use crate::{
    bindings::adapter::Capability,
    jobs::{self, Body as Input, Job, Planned, training as noted},
    keyed::{self, Keyed, Start},
    vendor,
};

/// `POST /v1/twins/{id}/train`
pub async fn train(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    let asker = ask::asker(call)?;
    let body: Body = call.json()?;
    let wanted = ask::wanted(store, asker, id, body, Front::Own)?;
    trained(call, store, wanted).await
}

/// `POST /api/metatwin/train`: the same by the names of an older interface.
pub async fn train_by_mtid(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let asker = ask::asker(call)?;
    let body: ask::Camel = call.json()?;
    let (id, body) = body.split();
    let wanted = ask::wanted(store, asker, &id, body, Front::Older)?;
    trained(call, store, wanted).await
}

async fn trained(call: &Call, store: &KeyValue, wanted: Wanted) -> Result<Reply, Problem> {
    let keyed = match keyed::begin(call, store, &wanted.grant).await? {
        Start::Before(reply) => return Ok(reply),
        Start::Now(keyed) => keyed,
    };
    match begun(call, store, &wanted, &keyed).await {
        Ok(job) => {
            let training = twins::find_training(store, &wanted.twin.tenant).map_err(|error| offline(&error))?;
            let (status, body) = wanted.front.answer(&wanted.twin, &training, &job);
            let body = body.to_string().into_bytes();
            let reply = Reply::bytes(status, "application/json", body.clone())
                .with("x-limit-check-id", &job.permit)
                .with("x-tollgate-provider", &job.provider);
            keyed.finish(store, || Head::of(&reply).whole(&body));
            Ok(reply)
        }
        Err(failed) => Err(keyed.fail(store, call, failed)),
    }
}

/// One at a time: of two who ask at once, the second is told so before anything is called.
async fn begun(call: &Call, store: &KeyValue, wanted: &Wanted, keyed: &Keyed) -> Result<Job, keyed::Failed> {
    let tenant = &wanted.twin.tenant;
    let turn = ask::turn(store, tenant, host::now())?;
    let begun = match ask::alone(store, tenant) {
        Ok(()) => begun_alone(call, store, wanted, keyed).await,
        Err(problem) => Err(problem.into()),
    };
    // From here on the training's own record says that one is under way. What if we crash before? The turn runs out.
    if let Err(error) = turn.release(store) {
        warn!("training_turn", tenant = tenant, error = error);
    }
    begun
}

async fn begun_alone(call: &Call, store: &KeyValue, wanted: &Wanted, keyed: &Keyed) -> Result<Job, keyed::Failed> {
    let tenant = vendor::tenant(store, &wanted.grant.tenant)?;
    let vendor = vendor::asked(store, &tenant, Capability::Speech, wanted.provider.as_deref())?;
    let mut input = serde_json::Map::new();
    input.insert("name".into(), wanted.twin.name.clone().into());
    input.insert("media_type".into(), wanted.media_type.clone().into());
    input.insert("sample".into(), wanted.sample.clone().into());
    if let Some(mode) = wanted.preset {
        input.insert("description".into(), format!("{} voice", mode.name()).into());
    }
    let body = Input { provider: None, kind: noted::KIND.into(), input };
    let planned = Planned::at_vendor(vendor, body).await.map_err(|problem| wanted.front.named(problem))?;
    let note = |job: &Job| noted::begun(store, job).map_err(|error| offline(&error));
    jobs::begin_planned(call, store, &wanted.grant, &planned, keyed.token(), note).await
}

impl Front {
    /// The answer to a training that has begun.
    fn answer(self, twin: &Twin, training: &Training, job: &Job) -> (u16, Json) {
        let voice_id = training.voice.as_ref().map(|voice| voice.voice_id.as_str());
        let status = training.status.name();
        match self {
            Self::Own => {
                let training = json!({
                    "status": status, "job_id": training.job_id, "voice_id": voice_id, "error": training.error,
                });
                (202, json!({ "id": twin.id.to_string(), "training": training, "limit_check_id": job.permit }))
            }
            Self::Older => {
                let data = json!({
                    "mtid": twin.id.to_string(), "trainingStatus": status, "jobId": training.job_id,
                    "voiceId": voice_id, "limitCheckId": job.permit,
                });
                (200, json!({ "success": true, "message": "The twin's voice is being trained.", "data": data }))
            }
        }
    }

    /// What is wrong, by the name that the caller knows it by.
    fn named(self, problem: Problem) -> Problem {
        let name = match (problem.param.as_deref(), self) {
            (Some("input.sample"), Self::Own) => "voice_sample",
            (Some("input.sample"), Self::Older) => "voiceSample",
            (Some("input.media_type"), Self::Own) => "media_type",
            (Some("input.media_type"), Self::Older) => "mediaType",
            _ => return problem,
        };
        problem.with_param(Some(name.into()))
    }
}
