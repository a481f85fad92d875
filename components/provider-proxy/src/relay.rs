//! The vendor's answer on its way to the page: through the meter, chunk by chunk, then settled.
//!
//! One chunk is in flight at a time, so a slow page slows the vendor down and memory stays bounded. When the page
//! leaves, the next send fails and dropping the body ends the vendor's call.

use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, channel::mpsc};
use http_body::Frame;
use http_body_util::StreamBody;
use kv_schemas::Store;
use shell::{KeyValue, Kind, Problem, Reply, idempotency::Head};
use spin_sdk::http::box_body;

use crate::{
    bindings::adapter::Answer,
    chat::privacy::{self, Restored, Restorer},
    disclosure,
    handed::Handed,
    keyed::{Failed, Keyed},
    metered::{Metered, about, mode},
    permits::{self, used},
    record::{End, Record},
    stop,
    vendor::upstream,
};

/// The longest an answer may take.
const MAX_DURATION_MS: u64 = 10 * calendar::MINUTE;
/// How often the store is asked whether to stop.
const STOP_CHECK_MS: u64 = 200;

/// Until an answer that the host has taken is on its way.
const A_MOMENT: Duration = Duration::from_millis(1);

type Page = mpsc::Sender<Result<Frame<Bytes>, anyhow::Error>>;

/// What is done to an answer on its way, and said beside it.
#[derive(Default)]
pub struct Passing {
    /// What tells the visitor that this is an AI.
    pub disclosure: Option<String>,
    /// The answer begins with it, spoken: once all of it has gone out, the session needn't be told again.
    pub says_it: bool,
    /// Puts back what was masked.
    pub restorer: Option<Restorer>,
    /// The route that was asked for.
    pub route: Option<RouteLabel>,
}

/// What is told of a route's decision.
pub struct RouteLabel {
    pub name: String,
    pub rung: usize,
    pub decision_us: u64,
}

/// Passes a streamed answer on.
pub fn stream(mut metered: Metered, store: KeyValue, request_id: String, keyed: Keyed, passing: Passing) -> Reply {
    let (mut page, chunks) = mpsc::channel(0);
    let head = Reply::stream(200, &metered.media_type, box_body(StreamBody::new(chunks)));
    let reply = labelled(head, &metered, &passing);
    let kept_head = Head::of(&reply);
    spin_sdk::wasip3::spawn(async move {
        let mut record = keyed.record();
        let mut restored = Restored::streamed(passing.restorer);
        let mut broken = None;
        let end = match pump(&mut metered, &store, &mut page, &mut record, &mut restored).await {
            Ok(end) => end,
            Err(problem) => {
                tell(&metered, &mut page, &problem, &request_id).await;
                broken = Some(problem.code);
                End::Cut
            }
        };
        if let (true, End::Whole, Some(session)) = (passing.says_it, end, &metered.session) {
            disclosure::said(&store, session);
        }
        // Before the answer ends, so that whoever repeats it after its end finds it. What if we crash here? A repeat is
        // told that the call was attempted already.
        keyed.finish(&store, || record.kept(kept_head, end));
        drop(page);
        // The page has its answer (or has left). What if we crash here? The reaper charges the permit in full.
        let usage = metered.meter.usage();
        permits::settle_later(&metered.permit.id, &used(usage.clone()));
        if let Some(trace) = metered.trace.take() {
            trace.ended(&usage, broken.as_deref()).await;
        }
    });
    reply
}

/// Reads a whole answer: as it is passed on, and its body.
pub async fn whole(mut metered: Metered, mut passing: Passing) -> Result<(Reply, Bytes), Failed> {
    let answer = collect(&mut metered).await;
    let usage = metered.meter.usage();
    let id = metered.permit.id.clone();
    let trace = match (metered.trace.take(), &answer) {
        (Some(trace), Err(problem)) => {
            trace.failed(problem);
            None
        }
        (trace, _) => trace,
    };
    let settle = move || {
        spin_sdk::wasip3::spawn(async move {
            spin_sdk::time::sleep(A_MOMENT).await;
            permits::settle_later(&id, &used(usage.clone()));
            if let Some(trace) = trace {
                trace.ended(&usage, None).await;
            }
        })
    };
    let bytes = match answer {
        Ok(bytes) => Bytes::from(privacy::restore(passing.restorer.take(), bytes)),
        Err(problem) => {
            settle();
            return Err(Failed::Charged(about(problem, &metered.permit)));
        }
    };
    let body = box_body(Handed::new(bytes.clone(), settle));
    Ok((labelled(Reply::stream(200, &metered.media_type, body), &metered, &passing), bytes))
}

/// The whole answer, as the meter passes it on.
pub async fn collect(metered: &mut Metered) -> Result<Vec<u8>, Problem> {
    let bytes = metered.body.whole(metered.planned.max_answer_bytes).await?;
    let mut answer = metered.meter.push(&bytes).map_err(garbled)?;
    let rest = metered.meter.end().map_err(garbled)?;
    // A meter that holds the answer back until it has proved to be one gives all of it at the end.
    if answer.is_empty() {
        answer = rest;
    } else {
        answer.extend(rest);
    }
    if let Some(trace) = &mut metered.trace {
        trace.heard(&answer);
    }
    Ok(answer)
}

/// Moves the answer to the page until either side ends.
async fn pump(
    metered: &mut Metered,
    store: &dyn Store,
    page: &mut Page,
    record: &mut Record,
    restored: &mut Restored,
) -> Result<End, Problem> {
    let started = shell::host::now();
    let mut asked = started;
    let mut passed: u64 = 0;
    while let Some(chunk) = metered.body.next().await? {
        passed = passed.saturating_add(chunk.len() as u64);
        if passed > metered.planned.max_answer_bytes {
            return Err(Problem::new(
                Kind::VendorError,
                "vendor_answer_too_large",
                "The vendor's answer is too large.",
            ));
        }
        let ready = restored.push(metered.meter.push(&chunk).map_err(garbled)?);
        record.push(&ready);
        if let Some(trace) = &mut metered.trace {
            trace.heard(&ready);
        }
        if !send(page, ready).await {
            return Ok(End::Cut);
        }
        let now = shell::host::now();
        if now.since(started) > MAX_DURATION_MS {
            return Err(upstream::timeout());
        }
        if now.since(asked) >= STOP_CHECK_MS {
            asked = now;
            if stop::wanted(store, &metered.permit.id, metered.session.as_deref()) {
                return Ok(End::Cut);
            }
        }
    }
    let rest = restored.end(metered.meter.end().map_err(garbled)?);
    record.push(&rest);
    // Whether or not the page is still there: it was all said, and can be given again.
    send(page, rest).await;
    Ok(End::Whole)
}

/// Whether the page is still there.
async fn send(page: &mut Page, bytes: Vec<u8>) -> bool {
    bytes.is_empty() || page.send(Ok(Frame::data(bytes.into()))).await.is_ok()
}

/// The head is out, so an error can only be an event in the stream, or a cut.
async fn tell(metered: &Metered, page: &mut Page, problem: &Problem, request_id: &str) {
    shell::warn!("answer", provider = metered.vendor, about = metered.permit.id, code = problem.code);
    let problem = about(problem.clone(), &metered.permit);
    if metered.planned.answer == Answer::EventStream {
        let json = String::from_utf8_lossy(&problem.to_json(request_id)).into_owned();
        send(page, format!("data: {json}\n\n").into_bytes()).await;
    } else {
        let _gone = page.send(Err(anyhow::anyhow!("{}", problem.code))).await;
    }
}

fn garbled(reason: String) -> Problem {
    shell::warn!("garbled_answer", error = reason);
    Problem::new(Kind::VendorError, "vendor_answer_garbled", "The vendor's answer can't be read.")
}

fn labelled(reply: Reply, metered: &Metered, passing: &Passing) -> Reply {
    let mut reply = reply
        .with("x-limit-check-id", &metered.permit.id)
        .with("x-tollgate-provider", &metered.vendor)
        .with("x-tollgate-model", &metered.planned.model)
        .with("x-tollgate-mode", mode(metered.permit.rung));
    if let Some(label) = &passing.disclosure {
        reply = disclosure::on(reply, label);
    }
    if let Some(route) = &passing.route {
        reply = reply
            .with("x-tollgate-route", &route.name)
            .with("x-tollgate-rung", &route.rung.to_string())
            .with("x-tollgate-decision-us", &route.decision_us.to_string());
    }
    reply
}
