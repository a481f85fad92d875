//! Reads the answers to a start and to a look.

use adapter::prelude::*;
use adapter::{AnswerHead, Fields, JobState, NoGood, Operation, Progress, Quantity, Unit, Usage, is_plain_url};
use serde_json::json;

use crate::{failure, plan::is_task};

/// A task makes a few files; more than these are not passed on.
const MAX_URLS: usize = 16;

/// `code` is what counts: a refusal comes with status 200 as well.
///
/// A start that broke inside the vendor may have made a task all the same, so what it cost is unknown; only where the
/// vendor says that it didn't take the request is it a refusal.
pub fn read(operation: &Operation, body: &[u8]) -> Result<JobState, NoGood> {
    let answer = Fields::parse(body).map_err(|_| NoGood::garbled("the answer is not a JSON object"))?;
    let code: u16 = answer.get("code").ok_or_else(|| NoGood::garbled("the answer has no code"))?;
    match (operation, code) {
        (_, 200) => {}
        // Of a task, they are how the task has ended: refused for its content, given up, failed.
        (Operation::JobLook(_), 400) => return Ok(ended(None, &Fields::default(), failure::refused())),
        (Operation::JobLook(_), 422 | 501) => return Ok(ended(None, &Fields::default(), failure::failed())),
        (Operation::JobStart(_), 500..) if !matches!(code, 503 | 505) => {
            return Err(NoGood::garbled("the vendor failed, and doesn't tell whether it has begun the task"));
        }
        _ => return Err(NoGood::Refused(failure::by_code(code, &AnswerHead::default()))),
    }
    let data: Fields = answer.get("data").ok_or_else(|| NoGood::garbled("the answer has no data"))?;
    match operation {
        Operation::JobStart(job) => started(&job.kind, &data),
        Operation::JobLook(id) => looked(id, &data),
        _ => Err(NoGood::garbled("only jobs are read")),
    }
}

fn started(kind: &str, data: &Fields) -> Result<JobState, NoGood> {
    let task = data.get("taskId").filter(|id: &String| is_task(id));
    let task = task.ok_or_else(|| NoGood::garbled("the answer has no task"))?;
    let prefix = if kind == "video" { "veo" } else { "job" };
    Ok(JobState { vendor_id: Some(format!("{prefix}:{task}")), progress: Progress::Queued, usage: Usage::Unknown })
}

fn looked(id: &str, data: &Fields) -> Result<JobState, NoGood> {
    let (prefix, task) = id.split_once(':').unwrap_or_default();
    let named: Option<String> = data.get("taskId");
    if named.as_ref().is_some_and(|named| named != task) {
        return Err(NoGood::garbled("the answer is about another task"));
    }
    let vendor_id = named.map(|_| id.to_owned());
    if prefix == "veo" { veo(vendor_id, data) } else { market(vendor_id, data) }
}

/// `successFlag`: 0 under way, 1 made, 2 and 3 failed.
fn veo(vendor_id: Option<String>, data: &Fields) -> Result<JobState, NoGood> {
    match data.get::<u8>("successFlag") {
        Some(0) => Ok(under_way(vendor_id, Progress::Running)),
        Some(1) => done(vendor_id, data, &data.get("response").unwrap_or_default()),
        Some(2 | 3) => {
            let code = data.raw("errorCode").map(|code| code.trim_matches('"'));
            let failure = if code == Some("400") { failure::refused() } else { failure::failed() };
            Ok(ended(vendor_id, data, failure))
        }
        _ => Err(NoGood::garbled("the answer doesn't tell how the task is")),
    }
}

/// `resultJson` is a text that holds JSON.
fn market(vendor_id: Option<String>, data: &Fields) -> Result<JobState, NoGood> {
    match data.get::<String>("state").as_deref() {
        Some("waiting" | "queuing") => Ok(under_way(vendor_id, Progress::Queued)),
        Some("generating") => Ok(under_way(vendor_id, Progress::Running)),
        Some("success") => {
            let result = data.get::<String>("resultJson").unwrap_or_default();
            done(vendor_id, data, &Fields::parse(result.as_bytes()).unwrap_or_default())
        }
        Some("fail") => Ok(ended(vendor_id, data, failure::failed())),
        _ => Err(NoGood::garbled("the answer doesn't tell how the task is")),
    }
}

fn under_way(vendor_id: Option<String>, progress: Progress) -> JobState {
    JobState { vendor_id, progress, usage: Usage::Unknown }
}

/// Nothing is done without a file. The credits are rarely told; then the reservation, being the task's price, is spent.
fn done(vendor_id: Option<String>, data: &Fields, result: &Fields) -> Result<JobState, NoGood> {
    let urls: Vec<String> = result.get("resultUrls").unwrap_or_default();
    let urls: Vec<String> = urls.into_iter().filter_map(secure).take(MAX_URLS).collect();
    if urls.is_empty() {
        return Err(NoGood::garbled("the task is done, but has no file"));
    }
    let usage = credits(data).map_or(Usage::Unknown, reported);
    Ok(JobState { vendor_id, progress: Progress::Done(json!({ "urls": urls }).to_string().into_bytes()), usage })
}

fn ended(vendor_id: Option<String>, data: &Fields, failure: adapter::Failure) -> JobState {
    let usage = credits(data).map_or_else(|| Usage::Counted(Vec::new()), reported);
    JobState { vendor_id, progress: Progress::Failed(failure), usage }
}

/// The vendor's examples have plain `http` addresses, which a page could not show. The same place is asked over TLS.
fn secure(url: String) -> Option<String> {
    if is_plain_url(&url) {
        return Some(url);
    }
    let url = format!("https://{}", url.strip_prefix("http://")?);
    is_plain_url(&url).then_some(url)
}

fn reported(credits: u64) -> Usage {
    Usage::Reported(vec![Quantity::new(Unit::Credits, credits)])
}

/// What was consumed, a fraction counting as a whole credit. A zero is taken as not told: the field is in no document.
fn credits(data: &Fields) -> Option<u64> {
    let text = data.raw("creditsConsumed")?.trim_matches('"');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let more = u64::from(fraction.bytes().any(|b| b != b'0'));
    whole.parse::<u64>().ok()?.checked_add(more).filter(|credits| *credits > 0)
}
