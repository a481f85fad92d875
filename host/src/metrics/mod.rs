//! What this process measures of itself. It stands in `GET /metrics` behind the component's own numbers, which are the
//! deployment's: these here are one process's, and begin with it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::{Method, StatusCode};

use self::histogram::{CALLS, Histogram, STEPS};
use self::text::Text;
use crate::instance::Gauge;
use crate::kv::KeyValue;

pub mod append;
pub mod histogram;
pub mod text;

/// Where a scraper finds them.
pub const PATH: &str = "/metrics";
/// What an answer's status begins with.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// No answer at all.
const NONE: &str = "none";
const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "other"];

/// The five operations, and the listing of keys.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    Get,
    Set,
    Delete,
    Exists,
    Increment,
    ListKeys,
}

const OPERATIONS: [&str; 6] = ["get", "set", "delete", "exists", "increment", "list_keys"];

/// Requests of clients by method, route and class of status. Routes are the manifest's patterns, so there are as many series
/// as those make, whatever is asked for.
pub struct Requests {
    routes: Vec<String>,
    histograms: Vec<Histogram>,
}

impl Requests {
    /// For these patterns, in this order.
    pub fn new(mut routes: Vec<String>) -> Self {
        routes.push(NONE.into());
        let series = routes.len() * METHODS.len() * CLASSES.len();
        Self { routes, histograms: (0..series).map(|_| Histogram::new(&CALLS)).collect() }
    }

    /// Counts an answer whose head is ready. `route` is the place of its pattern.
    pub fn observe(&self, method: &Method, route: Option<usize>, status: StatusCode, took: Duration) {
        let last = METHODS.len() - 1;
        let method = METHODS.iter().position(|name| *name == method.as_str()).unwrap_or(last);
        let route = route.unwrap_or(self.routes.len() - 1);
        let place = (route * METHODS.len() + method) * CLASSES.len() + class(status);
        if let Some(histogram) = self.histograms.get(place) {
            histogram.observe(took);
        }
    }

    fn show(&self, text: &mut Text) {
        let all = self.histograms.iter().enumerate().map(|(place, histogram)| {
            let (rest, class) = (place / CLASSES.len(), place % CLASSES.len());
            let (route, method) = (rest / METHODS.len(), rest % METHODS.len());
            let labels = [("method", METHODS[method]), ("route", &*self.routes[route]), ("status", CLASSES[class])];
            (labels, histogram)
        });
        let help = "Seconds from a request until the head of its answer, by the pattern of its route.";
        text.histograms("http_request_duration_seconds", help, all);
    }
}

fn class(status: StatusCode) -> usize {
    usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1
}

/// Calls to one host by class of status.
pub struct Tool {
    answered: [Histogram; CLASSES.len()],
    unanswered: Histogram,
}

impl Tool {
    fn new() -> Self {
        Self { answered: std::array::from_fn(|_| Histogram::new(&CALLS)), unanswered: Histogram::new(&CALLS) }
    }

    /// Counts a call: the status of its answer, or none.
    pub fn observe(&self, status: Option<StatusCode>, took: Duration) {
        match status {
            Some(status) => self.answered[class(status)].observe(took),
            None => self.unanswered.observe(took),
        }
    }
}

/// See the module's description.
pub struct Metrics {
    pub instances: Arc<Gauge>,
    operations: [Histogram; OPERATIONS.len()],
    /// Locked at the start, and when they are shown: who calls has its own.
    tools: Mutex<BTreeMap<String, Arc<Tool>>>,
    started: SystemTime,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            instances: Arc::default(),
            operations: std::array::from_fn(|_| Histogram::new(&STEPS)),
            tools: Mutex::default(),
            started: SystemTime::now(),
        }
    }
}

impl Metrics {
    /// Counts an operation of the store that began then.
    pub fn operated(&self, operation: Operation, started: Instant) {
        self.operations[operation as usize].observe_since(started);
    }

    /// The counts of a host that components may call.
    pub fn tool(&self, host: &str) -> Arc<Tool> {
        self.lock_tools().entry(host.to_owned()).or_insert_with(|| Arc::new(Tool::new())).clone()
    }

    fn lock_tools(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Tool>>> {
        self.tools.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything, as text.
    pub fn show(&self, requests: &Requests, in_flight: usize, kv: &dyn KeyValue) -> String {
        let mut text = Text::default();
        requests.show(&mut text);
        let help = "Requests that have a place in this process, streams included.";
        text.gauge("tollgate_http_requests_in_flight", help, &[], in_flight);
        self.show_tools(&mut text);
        let operations = OPERATIONS.iter().zip(&self.operations);
        let help = "Seconds that an operation of the key-value store took its component.";
        text.histograms(
            "tollgate_store_operation_duration_seconds",
            help,
            operations.map(|(name, histogram)| ([("operation", *name)], histogram)),
        );
        let help =
            "Seconds until a group of writes of the embedded store was in its log, and where each is synced, on disk.";
        let commits = kv.commits().map(|histogram| ([], histogram));
        text.histograms::<0>("tollgate_store_commit_duration_seconds", help, commits);
        let help = "Instances of components in this process.";
        text.gauge("tollgate_instances", help, &[], self.instances.alive());
        let help = "Instances that are serving a request, or still working for one.";
        text.gauge("tollgate_instances_busy", help, &[], self.instances.busy());
        let since = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        let started = format!("{}.{:03}", since.as_secs(), since.subsec_millis());
        text.gauge("process_start_time_seconds", "When this process began, in seconds since 1970.", &[], started);
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        text.gauge("tollgate_build_info", "The version of this host; always 1.", &version, 1);
        text.finish()
    }

    fn show_tools(&self, text: &mut Text) {
        let tools = self.lock_tools();
        let all = tools.iter().flat_map(|(host, tool)| {
            let answered = CLASSES.iter().copied().zip(&tool.answered);
            let all = answered.chain([(NONE, &tool.unanswered)]);
            all.map(move |(status, histogram)| ([("tool", &**host), ("status", status)], histogram))
        });
        let help = "Seconds from a call to a vendor's host until the head of its answer, or until there was none.";
        text.histograms("tool_call_duration_seconds", help, all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::memory::MemoryStore;

    #[test]
    fn ops_1_requests_are_counted_by_pattern_whatever_is_asked_for() {
        let requests = Requests::new(vec!["/v1/a/:id".into(), "/...".into()]);
        let observe = |method: &str, route, status| {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            requests.observe(&method, route, StatusCode::from_u16(status).unwrap(), Duration::from_millis(3));
        };
        observe("GET", Some(0), 200);
        observe("GET", Some(0), 204);
        observe("POST", Some(1), 503);
        observe("BREW", None, 404);
        observe("GET", None, 999);
        observe("GET", Some(99), 200);
        let text = Metrics::default().show(&requests, 4, &MemoryStore::default());
        let counts: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("http_request_duration_seconds_count")).collect();
        let expected = [
            r#"{method="GET",route="/v1/a/:id",status="2xx"} 2"#,
            r#"{method="POST",route="/...",status="5xx"} 1"#,
            r#"{method="GET",route="none",status="5xx"} 1"#,
            r#"{method="other",route="none",status="4xx"} 1"#,
        ];
        assert_eq!(counts, expected);
        assert!(text.contains("\ntollgate_http_requests_in_flight 4\n"), "{text}");
        assert!(!text.contains("tool_call_duration_seconds"), "of what never was nothing is said: {text}");
    }

    #[test]
    fn ops_1_tools_and_operations_are_counted_by_name() {
        let metrics = Metrics::default();
        let (one, same) = (metrics.tool("api.example.com"), metrics.tool("api.example.com"));
        one.observe(Some(StatusCode::OK), Duration::from_millis(3));
        same.observe(Some(StatusCode::CREATED), Duration::from_millis(3));
        same.observe(None, Duration::from_millis(3));
        metrics.operated(Operation::ListKeys, Instant::now());
        let text = metrics.show(&Requests::new(Vec::new()), 0, &MemoryStore::default());
        for line in [
            r#"tool_call_duration_seconds_count{tool="api.example.com",status="2xx"} 2"#,
            r#"tool_call_duration_seconds_count{tool="api.example.com",status="none"} 1"#,
            r#"tollgate_store_operation_duration_seconds_count{operation="list_keys"} 1"#,
            "tollgate_instances 0",
        ] {
            assert!(text.contains(&format!("\n{line}\n")), "{line}: {text}");
        }
        assert!(!text.contains("commit"), "a store in memory has none: {text}");
    }
}
