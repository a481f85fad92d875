//! Reads the answers to a start and to a look.

use adapter::prelude::*;
use adapter::{Failure, Fields, JobState, NoGood, Operation, Progress, Quantity, Unit, Usage, is_plain_url};
use serde_json::{Map, Value, json};

use crate::decimal::seconds_up;
use crate::{failure, plan::is_render};

/// Both answers wrap what they say in `response`.
pub fn read(operation: &Operation, body: &[u8]) -> Result<JobState, NoGood> {
    let answer = Fields::parse(body).map_err(|_| NoGood::garbled("the answer is not a JSON object"))?;
    if answer.get::<bool>("success") == Some(false) {
        return Err(NoGood::Refused(Failure::fatal("invalid_request", "The vendor refused the request.")));
    }
    let response: Fields = answer.get("response").ok_or_else(|| NoGood::garbled("the answer has no response"))?;
    let id = response.get("id").filter(|id: &String| is_render(id));
    match operation {
        Operation::JobStart(_) => {
            let vendor_id = Some(id.ok_or_else(|| NoGood::garbled("the answer has no render"))?);
            Ok(JobState { vendor_id, progress: Progress::Queued, usage: Usage::Unknown })
        }
        Operation::JobLook(wanted) if id.as_ref().is_some_and(|id| id != wanted) => {
            Err(NoGood::garbled("the answer is about another render"))
        }
        Operation::JobLook(_) => looked(id, &response),
        _ => Err(NoGood::garbled("only jobs are read")),
    }
}

fn looked(vendor_id: Option<String>, response: &Fields) -> Result<JobState, NoGood> {
    let (progress, usage) = match response.get::<String>("status").as_deref() {
        Some("queued") => (Progress::Queued, Usage::Unknown),
        Some("fetching" | "rendering" | "saving") => (Progress::Running, Usage::Unknown),
        Some("done") => done(response)?,
        Some("failed") => (Progress::Failed(failure::failed()), Usage::Counted(Vec::new())),
        _ => return Err(NoGood::garbled("the answer doesn't tell how the render is")),
    };
    Ok(JobState { vendor_id, progress, usage })
}

/// The result's addresses are good for a day; the page should fetch it by then. Without a duration nobody knows what it
/// cost, and the reservation is spent.
fn done(response: &Fields) -> Result<(Progress, Usage), NoGood> {
    let address = |name: &str| response.get::<String>(name).filter(|url| is_plain_url(url));
    let url = address("url").ok_or_else(|| NoGood::garbled("the render is done, but has no address"))?;
    let mut result = Map::new();
    result.insert("urls".to_owned(), json!([url]));
    for name in ["poster", "thumbnail"] {
        if let Some(url) = address(name) {
            result.insert(name.to_owned(), Value::String(url));
        }
    }
    let raw = response.raw("duration").unwrap_or_default();
    let seconds = seconds_up(raw).filter(|seconds| *seconds > 0);
    // Written on as the vendor wrote it, once it has been read as a plain decimal.
    if let (Some(_), Ok(duration)) = (seconds, serde_json::from_str::<Value>(raw)) {
        result.insert("duration_s".to_owned(), duration);
    }
    let usage = match seconds {
        Some(seconds) => Usage::Reported(vec![Quantity::new(Unit::Seconds, seconds)]),
        None => Usage::Unknown,
    };
    Ok((Progress::Done(Value::Object(result).to_string().into_bytes()), usage))
}
