//! A voice made of a sample (the vendor's *instant voice clone*): one call, and for some voices a wait until the vendor's
//! own people, or the speaker, have confirmed whose it is.

use adapter::prelude::*;
use adapter::{
    Call, Failure, Fields, Form, Job, JobState, NoGood, Operation, PlanError, Progress, Quantity, Unit, Usage,
    VoiceClone, is_id,
};

/// The upstream request that makes a voice.
pub fn start(job: &Job) -> Result<Call, PlanError> {
    let VoiceClone { name, description, media_type, file_name, sample } = VoiceClone::read(job)?;
    let mut form = Form::default();
    form.text("name", name);
    if let Some(description) = description {
        form.text("description", description);
    }
    form.file("files", file_name, media_type, sample);
    VoiceClone::call("/v1/voices/add", &job.id, &form)
}

/// The upstream request that looks at a voice.
pub fn look(id: &str) -> Result<Call, PlanError> {
    if !is_voice(id) {
        return Err(PlanError::invalid("id", "must be the vendor's id of a voice"));
    }
    Ok(Call::get(format!("/v1/voices/{id}")))
}

/// Reads the answer to either.
pub fn read(operation: &Operation, body: &[u8]) -> Result<JobState, NoGood> {
    let answer = Fields::parse(body).map_err(|_| NoGood::garbled("the answer is not a JSON object"))?;
    let id = answer.get("voice_id").filter(|id: &String| is_voice(id));
    let id = id.ok_or_else(|| NoGood::garbled("the answer has no voice"))?;
    let progress = match operation {
        Operation::JobStart(_) if answer.get("requires_verification") == Some(true) => Progress::Running,
        Operation::JobStart(_) => done(&id),
        Operation::JobLook(wanted) if *wanted == id => verified(&id, &answer),
        Operation::JobLook(_) => return Err(NoGood::garbled("the answer is about another voice")),
        _ => return Err(NoGood::garbled("only jobs are read")),
    };
    let usage = match &progress {
        Progress::Queued | Progress::Running => Usage::Unknown,
        // The vendor bills the making; it is over, whether or not anybody may speak so.
        Progress::Done(_) | Progress::Failed(_) => Usage::Counted(vec![Quantity::new(Unit::Requests, 1)]),
    };
    Ok(JobState { vendor_id: Some(id), progress, usage })
}

fn verified(id: &str, voice: &Fields) -> Progress {
    let verification: Fields = voice.get("voice_verification").unwrap_or_default();
    let says = |name: &str| verification.get::<bool>(name).unwrap_or_default();
    let failures: Vec<String> = verification.get("verification_failures").unwrap_or_default();
    match (says("requires_verification"), says("is_verified")) {
        (false, _) | (_, true) => done(id),
        _ if !failures.is_empty() => {
            Progress::Failed(Failure::fatal("voice_not_verified", "The vendor could not verify whose voice it is."))
        }
        _ => Progress::Running,
    }
}

fn done(id: &str) -> Progress {
    Progress::Done(VoiceClone::result(id))
}

/// As a speech takes it.
fn is_voice(id: &str) -> bool {
    is_id(id, 64, "")
}
