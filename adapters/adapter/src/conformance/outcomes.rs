//! Rules for what is read out of the answers to a live session's start and to a job.

use super::garbage::damaged;
use super::planning::call_is_sound;
use super::{JobAnswer, Start};
use crate::{Adapter, Fields, Grants, Join, NoGood, Progress, Started, Step, Usage, is_id, is_room_url};

/// A good answer names the session and leads somewhere; a damaged one never panics, nor sends the page astray.
pub fn start_leads_to_a_session(adapter: &dyn Adapter, start: &Start) {
    match adapter.live_started(&start.session, &start.body) {
        Ok(started) => leads_somewhere(adapter, &started),
        Err(error) => panic!("a recorded start must be read, but {error:?}"),
    }
    for body in damaged(&start.body) {
        match adapter.live_started(&start.session, &body) {
            Ok(started) => leads_somewhere(adapter, &started),
            Err(NoGood::Refused(failure)) => assert!(!failure.code.is_empty(), "{failure:?}"),
            Err(NoGood::Garbled(_)) => {}
        }
    }
}

fn leads_somewhere(adapter: &dyn Adapter, started: &Started) {
    assert!(is_id(&started.vendor_id, 200, "_-.:"), "an id is short and plain: {started:?}");
    match &started.step {
        Step::Open(Join::Url(url)) => assert!(is_room_url(url), "the page would be sent to {url:?}"),
        Step::Open(Join::Room { url, token }) => {
            assert!(is_room_url(url), "the page would be sent to {url:?}");
            assert!(is_id(token, 8192, "._-~=+/"), "a token is plain: {token:?}");
        }
        Step::Open(Join::Grants(grants)) => grants_are_least(grants),
        Step::Call(call) => {
            call_is_sound(adapter, "the next call of a start", call);
            assert!(call.worst_case.is_empty(), "the first call has reserved everything");
        }
    }
}

/// A token is short-lived, and its claims leave those of the proxy alone.
fn grants_are_least(grants: &Grants) {
    assert!((1..=3600).contains(&grants.ttl_seconds), "a token lives an hour at most: {grants:?}");
    let Ok(claims) = Fields::parse(grants.claims.as_bytes()) else { panic!("claims are an object: {grants:?}") };
    for name in ["iss", "nbf", "iat", "exp"] {
        assert!(claims.raw(name).is_none(), "{name} is the proxy's to write: {grants:?}");
    }
}

/// A good answer reads as recorded; a damaged one never panics and never invents a finished job out of a running one.
pub fn job_is_read(adapter: &dyn Adapter, job: &JobAnswer) {
    let state = adapter.read_job(&job.operation, &job.body);
    assert_eq!(state.as_ref(), Ok(&job.state), "a recorded answer is read");
    for body in damaged(&job.body) {
        let Ok(state) = adapter.read_job(&job.operation, &body) else { continue };
        if let Some(id) = &state.vendor_id {
            assert!(is_id(id, 200, "_-.:"), "an id is short and plain: {state:?}");
        }
        match &state.progress {
            Progress::Done(result) => assert!(Fields::parse(result).is_ok(), "a result is an object: {state:?}"),
            Progress::Failed(failure) => assert!(!failure.message.is_empty(), "{state:?}"),
            Progress::Queued | Progress::Running => {
                assert_eq!(state.usage, Usage::Unknown, "nobody knows yet what it costs: {state:?}");
            }
        }
    }
}
