//! Calls the routes of the maintenance once a second, each in a loop of its own, through the same path a request takes,
//! only without the network, and without a place: sessions must end when their money does, above all when the house is
//! full.
//!
//! All of it has a thread of its own that gives way to the requests. Beside them in one runtime, each piece of a request
//! would wait its turn behind a piece of the maintenance, which can compute for milliseconds at a time.

use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use http::header::AUTHORIZATION;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use tokio::runtime;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::server::Gate;
use crate::server::routes::Route;
use crate::threads;

const PERIOD: Duration = Duration::from_secs(1);
/// What is called: one that takes long, waiting for somebody else's server, keeps none of the others waiting.
const PATHS: [&str; 7] = [
    "/v1/maintenance",
    "/v1/maintenance/webhooks",
    "/v1/maintenance/runs",
    "/v1/maintenance/messages",
    "/v1/maintenance/events",
    "/v1/maintenance/registry",
    "/v1/maintenance/operations",
];
/// Longest time for one call. What it leaves undone is work for the next one.
const LIMIT: Duration = Duration::from_secs(30);
/// How long the thread stays after its end: longer than an instance is idle by default.
const REST: Duration = Duration::from_secs(2);
/// Failures in a row are one message a minute, not one a second.
const QUIET: Duration = Duration::from_secs(60);

/// The maintenance at work. It ends with the runtime that it was started in, too.
pub struct Timer {
    stop: CancellationToken,
    end: CancellationToken,
}

impl Timer {
    /// Begins no further call. What is begun goes on.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Ends the thread in a moment, and whatever is still done there.
    pub fn end(self) {
        self.end.cancel();
    }
}

/// Begins, on a thread of its own.
///
/// # Errors
/// The system has no thread for it.
pub fn start(gate: Arc<Gate>, admin_key: String) -> io::Result<Timer> {
    let (stop, end) = (CancellationToken::new(), CancellationToken::new());
    let timer = Timer { stop: stop.clone(), end: end.clone() };
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let (ended, ends_with_the_caller) = (end.clone(), end.clone().drop_guard());
    threads::spawn_giving_way("maintenance", move || {
        runtime.block_on(async {
            stop.run_until_cancelled(run(gate, admin_key)).await;
            end.cancelled().await;
            // Instances that wait for another call leave by themselves; dropped, they would look as if they had failed.
            sleep(REST).await;
        });
        // Not waiting for what blocks, such as the look-up of a name.
        runtime.shutdown_background();
    })?;
    tokio::spawn(async move {
        ended.cancelled().await;
        drop(ends_with_the_caller);
    });
    Ok(timer)
}

/// Runs until dropped, and its loops with it.
async fn run(gate: Arc<Gate>, admin_key: String) {
    let mut loops = JoinSet::new();
    for path in routed(&gate) {
        loops.spawn(repeat(gate.clone(), path, admin_key.clone()));
    }
    while loops.join_next().await.is_some() {}
}

/// One call ends, or is given up, before the next begins.
async fn repeat(gate: Arc<Gate>, path: &'static str, admin_key: String) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_message: Option<Instant> = None;
    loop {
        ticks.tick().await;
        let Err(failure) = call(&gate, path, &admin_key, LIMIT).await else {
            continue;
        };
        let slow = matches!(failure, Failure::Slow(_));
        if slow || last_message.is_none_or(|at| at.elapsed() >= QUIET) {
            tracing::warn!(path, reason = %failure, "maintenance failed");
            last_message = Some(Instant::now());
        }
    }
}

/// The application's routes among those that are called.
fn routed(gate: &Gate) -> impl Iterator<Item = &'static str> {
    PATHS.into_iter().filter(|path| gate.routes(path))
}

/// Whether this is the route of something that is called.
pub fn calls(route: &Route) -> bool {
    route.is_exact() && PATHS.contains(&route.to_string().as_str())
}

/// Whether the application has any such route.
pub fn is_routed(gate: &Gate) -> bool {
    routed(gate).next().is_some()
}

/// Why a call did nothing, or not everything.
#[derive(Debug, PartialEq, Eq)]
enum Failure {
    /// Given up after so long.
    Slow(Duration),
    /// The component's answer, or the host's for it.
    Status(StatusCode),
    /// The answer broke off.
    Broken(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow(limit) => write!(f, "it took longer than {limit:?} and was given up"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::Broken(reason) => f.write_str(reason),
        }
    }
}

async fn call(gate: &Gate, path: &str, admin_key: &str, limit: Duration) -> Result<(), Failure> {
    let started = Instant::now();
    match timeout(limit, exchange(gate, path, admin_key, limit)).await {
        Ok(Ok(())) => Ok(()),
        // The gate keeps the same time, and may be first.
        Ok(Err(failure)) if started.elapsed() < limit => Err(failure),
        _ => Err(Failure::Slow(limit)),
    }
}

async fn exchange(gate: &Gate, path: &str, admin_key: &str, limit: Duration) -> Result<(), Failure> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("host", "localhost")
        .header(AUTHORIZATION, format!("Bearer {admin_key}"))
        .body(Empty::new().map_err(|never: std::convert::Infallible| match never {}).boxed_unsync())
        .map_err(|error| Failure::Broken(error.to_string()))?;
    let response = gate.handle_own(request, limit).await;
    let status = response.status();
    // Read to its end: only then is the work done, and the instance free again.
    response.into_body().collect().await.map_err(|error| Failure::Broken(error.to_string()))?;
    if status.is_success() { Ok(()) } else { Err(Failure::Status(status)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::App;
    use crate::common;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_call_has_its_own_time() {
        let folder = tempfile::tempdir().unwrap();
        // The server's limit is much longer than the call's.
        let app = App::start(&common::options(&folder)).await.unwrap();
        let limit = Duration::from_millis(700);
        for (path, expected) in [
            ("/guest/hello", Ok(())),
            ("/guest/nothing", Err(Failure::Status(StatusCode::UNPROCESSABLE_ENTITY))),
            ("/guest/trap", Err(Failure::Status(StatusCode::INTERNAL_SERVER_ERROR))),
            ("/guest/wait-forever", Err(Failure::Slow(limit))),
            ("/guest/spin-forever", Err(Failure::Slow(limit))),
            ("/guest/stream?1000,50,x", Err(Failure::Slow(limit))),
            ("/guest/hello", Ok(())),
        ] {
            let started = Instant::now();
            assert_eq!(call(&app.gate, path, "key", limit).await, expected, "{path}");
            assert!(started.elapsed() < limit * 2, "{path}: {:?}", started.elapsed());
        }
    }
}
