//! A voice made of a sample: one call, whose answer is the voice.

use adapter::prelude::*;
use adapter::{
    Call, Fields, Form, Header, Job, JobState, NoGood, Operation, Options, PlanError, Progress, Quantity, Unit, Usage,
    VoiceClone, is_id,
};

use crate::plan;

/// The language of a sample, where the options name none.
const LANGUAGE: &str = "en";

/// The upstream request that makes a voice.
pub fn start(job: &Job, options: &str) -> Result<Call, PlanError> {
    let options = Options::parse(options)?;
    let VoiceClone { name, description, media_type, file_name, sample } = VoiceClone::read(job)?;
    if media_type == "audio/mp4" {
        return Err(PlanError::invalid("input.media_type", "can't be audio/mp4 at this vendor"));
    }
    let language = plan::language(&options)?.unwrap_or_else(|| LANGUAGE.to_owned());
    let mut form = Form::default();
    form.text("name", name);
    form.text("language", language);
    if let Some(description) = description {
        form.text("description", description);
    }
    form.file("clip", file_name, media_type, sample);
    let mut call = VoiceClone::call("/voices/clone", &job.id, &form)?;
    call.headers.push(Header::new("cartesia-version", plan::version(&options)?));
    Ok(call)
}

/// The upstream request that looks at a voice.
pub fn look(id: &str, options: &str) -> Result<Call, PlanError> {
    let options = Options::parse(options)?;
    if !is_voice(id) {
        return Err(PlanError::invalid("id", "must be the vendor's id of a voice"));
    }
    let mut call = Call::get(format!("/voices/{id}"));
    call.headers.push(Header::new("cartesia-version", plan::version(&options)?));
    Ok(call)
}

/// Reads the answer to either: a voice that is there is ready.
pub fn read(operation: &Operation, body: &[u8]) -> Result<JobState, NoGood> {
    let answer = Fields::parse(body).map_err(|_| NoGood::garbled("the answer is not a JSON object"))?;
    let id = answer.get("id").filter(|id: &String| is_voice(id));
    let id = id.ok_or_else(|| NoGood::garbled("the answer has no voice"))?;
    match operation {
        Operation::JobStart(_) => {}
        Operation::JobLook(wanted) if *wanted == id => {}
        Operation::JobLook(_) => return Err(NoGood::garbled("the answer is about another voice")),
        _ => return Err(NoGood::garbled("only jobs are read")),
    }
    let progress = Progress::Done(VoiceClone::result(&id));
    let usage = Usage::Counted(vec![Quantity::new(Unit::Requests, 1)]);
    Ok(JobState { vendor_id: Some(id), progress, usage })
}

/// As a speech takes it.
fn is_voice(id: &str) -> bool {
    is_id(id, 64, "_-")
}
