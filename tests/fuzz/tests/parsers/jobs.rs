//! What vendors say of jobs.

use adapter::{Capability, Fields, Job, JobState, NoGood, Operation, Progress, Usage, is_id};
use fuzz::{Case, hold};

use crate::{adapters, is_our_own, is_plain, millis, recorded, require};

/// Operations of which an answer may be, for each vendor that does jobs.
fn operations(vendor: &str) -> Vec<Operation> {
    let start = |kind: &str| Operation::JobStart(Job { id: "job_1".into(), kind: kind.into(), ..Job::default() });
    let look = |id: &str| Operation::JobLook(id.into());
    match vendor {
        "kie" => vec![start("video"), start("task"), look("veo:veo_1"), look("job:task_1")],
        "shotstack" => vec![start("render"), start("template"), look("r-1")],
        "upload-post" => vec![start("publish_video"), look("request:r1"), look("job:j1")],
        other => panic!("no job of {other} is known here"),
    }
}

fn is_a_state(state: &JobState, operation: &Operation, sent: usize) -> Result<(), String> {
    let id = state.vendor_id.as_deref();
    require(id.is_none_or(|id| is_id(id, 300, "_-.:")), || format!("no id: {id:?}"))?;
    match &state.progress {
        Progress::Done(result) => {
            require(Fields::parse(result).is_ok(), || "a result is an object".to_owned())?;
            // Each byte may take six when it is written anew.
            require(result.len() <= 6 * sent + 1_000, || format!("{} bytes are told of {sent}", result.len()))?;
            let started = matches!(operation, Operation::JobStart(_));
            require(!started, || "a job is done as soon as it began".to_owned())
        }
        Progress::Failed(failure) => is_our_own(failure),
        Progress::Queued | Progress::Running => {
            require(state.usage == Usage::Unknown, || format!("nobody knows yet what it costs: {:?}", state.usage))
        }
    }
}

#[test]
fn a_job_is_as_the_vendor_says_or_garbled() {
    let vendors = adapters().iter().filter(|adapter| adapter.profile().capabilities.contains(&Capability::Jobs));
    for adapter in vendors {
        let vendor = adapter.profile().vendor;
        let corpus: Vec<Case> = recorded(vendor).into_iter().map(|body| vec![body]).collect();
        for operation in operations(vendor) {
            let what = match &operation {
                Operation::JobStart(job) => format!("start of a {}", job.kind),
                _ => "look".to_owned(),
            };
            hold(&format!("{what} at {vendor}"), &corpus, millis(350), |case| {
                let body = &case[0];
                let found = adapter.read_job(&operation, body);
                require(adapter.read_job(&operation, body) == found, || "read twice, it is two things".to_owned())?;
                match found {
                    Ok(state) => is_a_state(&state, &operation, body.len()),
                    Err(NoGood::Refused(failure)) => is_our_own(&failure),
                    Err(NoGood::Garbled(why)) => require(is_plain(&why, 200), || format!("{why:?}")),
                }
            });
        }
    }
}
