//! Reads the answers to a start and to a look, whose shapes are known from third parties only.

use adapter::prelude::*;
use adapter::{Failure, Fields, JobState, NoGood, Operation, Progress, Quantity, Unit, Usage, is_id, is_plain_url};
use serde_json::{Map, Value, json};

use crate::{failure, plan::is_upload};

/// More platforms than there are.
const MAX_PLATFORMS: usize = 32;

pub fn read(operation: &Operation, body: &[u8]) -> Result<JobState, NoGood> {
    let answer = Fields::parse(body).map_err(|_| NoGood::garbled("the answer is not a JSON object"))?;
    // Some answers were seen wrapped.
    let answer = answer.get("data").unwrap_or(answer);
    match operation {
        Operation::JobStart(_) => started(&answer),
        Operation::JobLook(id) => looked(id, &answer),
        _ => Err(NoGood::garbled("only jobs are read")),
    }
}

/// The id decides: with one, the vendor has the upload and may go on with it, whatever else the answer says. Where it
/// names both, the job's is taken, for that is the one that events carry.
fn started(answer: &Fields) -> Result<JobState, NoGood> {
    let job = id(answer, ["job_id", "jobId"]).map(|id| format!("job:{id}"));
    match job.or_else(|| id(answer, ["request_id", "requestId"]).map(|id| format!("request:{id}"))) {
        Some(id) => Ok(JobState { vendor_id: Some(id), progress: Progress::Queued, usage: Usage::Unknown }),
        None if refuses(answer) => {
            Err(NoGood::Refused(Failure::fatal("invalid_request", "The vendor refused the request.")))
        }
        None => Err(NoGood::garbled("the answer has no upload")),
    }
}

fn looked(wanted: &str, answer: &Fields) -> Result<JobState, NoGood> {
    let (kind, own) = wanted.split_once(':').unwrap_or_default();
    let named = if kind == "job" { id(answer, ["job_id", "jobId"]) } else { id(answer, ["request_id", "requestId"]) };
    if named.as_ref().is_some_and(|named| named != own) {
        return Err(NoGood::garbled("the answer is about another upload"));
    }
    // Events carry the job's id: where an answer about a request names its job, the gate learns it.
    let job = id(answer, ["job_id", "jobId"]).map(|job| format!("job:{job}"));
    let vendor_id = job.or_else(|| named.map(|_| wanted.to_owned()));
    let status: Option<String> = answer.get("status").or_else(|| answer.get("state"));
    let status = status.map(|status| status.to_ascii_lowercase());
    let (progress, usage) = match status.as_deref() {
        Some("queued" | "pending" | "scheduled" | "waiting") => (Progress::Queued, Usage::Unknown),
        Some("in_progress" | "processing" | "running" | "uploading" | "started") => (Progress::Running, Usage::Unknown),
        Some("completed" | "complete" | "done" | "finished" | "success" | "partial") => published(answer)?,
        Some("failed" | "error" | "cancelled" | "canceled") => nothing(),
        None if refuses(answer) => {
            return Err(NoGood::Refused(Failure::fatal("not_found", "The vendor doesn't know the upload.")));
        }
        _ => return Err(NoGood::garbled("the answer doesn't tell how the upload is")),
    };
    Ok(JobState { vendor_id, progress, usage })
}

fn nothing() -> (Progress, Usage) {
    (Progress::Failed(failure::failed()), Usage::Counted(Vec::new()))
}

/// Done where at least one platform has it. One that doesn't say how it went leaves the whole unread: to take it for
/// either would invent something.
fn published(answer: &Fields) -> Result<(Progress, Usage), NoGood> {
    let platforms = results(answer)
        .iter()
        .map(Platform::read)
        .collect::<Option<Vec<Platform>>>()
        .filter(|platforms| (1..=MAX_PLATFORMS).contains(&platforms.len()))
        .ok_or_else(|| NoGood::garbled("the answer doesn't tell how each platform went"))?;
    let reached = platforms.iter().filter(|platform| platform.success).count() as u64;
    if reached == 0 {
        return Ok(nothing());
    }
    let urls: Vec<&String> = platforms.iter().filter_map(|platform| platform.url.as_ref()).collect();
    let each: Vec<Value> = platforms.iter().map(Platform::to_json).collect();
    let result = json!({ "urls": urls, "platforms": each });
    let usage = Usage::Counted(vec![Quantity::new(Unit::Requests, reached)]);
    Ok((Progress::Done(result.to_string().into_bytes()), usage))
}

/// A list of results that name their platform, or an object of them by platform.
fn results(answer: &Fields) -> Vec<Fields> {
    if let Some(list) = answer.get("results") {
        return list;
    }
    let by_name: Fields = answer.get("results").unwrap_or_default();
    let named = |name: &str| {
        let mut result: Fields = by_name.get(name)?;
        result.set("platform", &name);
        Some(result)
    };
    // One that can't be read counts, so that the whole can't be taken for done without it.
    by_name.names().map(|name| named(name).unwrap_or_default()).collect()
}

struct Platform {
    name: String,
    success: bool,
    url: Option<String>,
    post_id: Option<String>,
}

impl Platform {
    fn read(result: &Fields) -> Option<Self> {
        let name = result.get("platform").filter(|name: &String| is_id(name, 32, "_-"))?;
        let by_word = || match result.get::<String>("status")?.to_ascii_lowercase().as_str() {
            "completed" | "success" | "published" | "done" => Some(true),
            "failed" | "error" => Some(false),
            _ => None,
        };
        let success = result.get::<bool>("success").or_else(by_word)?;
        let mut urls = ["url", "post_url", "video_url"].into_iter().filter_map(|name| result.get::<String>(name));
        let url = urls.find(|url| success && is_plain_url(url));
        let ids = ["post_id", "platform_post_id", "publish_id", "video_id"].into_iter();
        let post_id = ids.filter_map(|name| result.get::<String>(name)).find(|id| is_id(id, 128, "_-.:~"));
        Some(Self { name, success, url, post_id })
    }

    fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("platform".to_owned(), Value::String(self.name.clone()));
        object.insert("success".to_owned(), Value::Bool(self.success));
        for (name, value) in [("url", &self.url), ("post_id", &self.post_id)] {
            if let Some(value) = value {
                object.insert(name.to_owned(), Value::String(value.clone()));
            }
        }
        Value::Object(object)
    }
}

fn id(answer: &Fields, names: [&str; 2]) -> Option<String> {
    names.into_iter().filter_map(|name| answer.get::<String>(name)).find(|id| is_upload(id))
}

fn refuses(answer: &Fields) -> bool {
    answer.get::<bool>("success") == Some(false)
}
