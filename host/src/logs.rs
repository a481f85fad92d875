//! Log lines: the host's own as JSON on stderr, and what guests print, line by line, with the component's name.
//!
//! A guest's line that is a log line itself (a JSON object with a time and a level) goes out as one, in the component's name;
//! everything else is the message of one. The host's own lines have a `target`, which no guest's line has.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use serde_json::{Map, Value};
use tokio::io::AsyncWrite;
use tracing::Level;
use tracing_subscriber::EnvFilter;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

mod redact;

/// Longest line a guest may print; the rest of it is dropped.
const MAX_LINE: usize = 4 * 1024;
/// The environment variable with the filter, such as `info,tollgate=debug`.
pub const FILTER: &str = "TOLLGATE_LOG";
const DEFAULT: &str = "info";

/// Sends the logs of this process to stderr.
pub fn start() {
    let (filter, wrong) = filter(std::env::var(FILTER).ok().as_deref());
    // Fails only when a test or an embedding program has set up logs of its own, which then stay.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .try_init();
    if let Some(wrong) = wrong {
        tracing::warn!("{FILTER} is no filter such as info,tollgate=debug, and isn't used: {wrong}");
    }
}

/// The filter that is wanted, and why it isn't the one that was given.
fn filter(given: Option<&str>) -> (EnvFilter, Option<String>) {
    match given.map(EnvFilter::try_new) {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (EnvFilter::new(DEFAULT), Some(error.to_string())),
        None => (EnvFilter::new(DEFAULT), None),
    }
}

/// Standard output or standard error of a component.
#[derive(Clone)]
pub struct GuestOutput {
    component: Arc<str>,
    stream: &'static str,
}

impl GuestOutput {
    pub fn new(component: Arc<str>, stream: &'static str) -> Self {
        Self { component, stream }
    }
}

impl IsTerminal for GuestOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(Lines { output: self.clone(), line: Vec::new() })
    }
}

/// Cuts what is written into lines. Writing never waits.
struct Lines {
    output: GuestOutput,
    line: Vec<u8>,
}

impl Lines {
    fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' => self.emit(),
                _ if self.line.len() < MAX_LINE => self.line.push(*byte),
                _ => {}
            }
        }
    }

    fn emit(&mut self) {
        if !self.line.is_empty() {
            let line = String::from_utf8_lossy(&self.line);
            let line = redact::redacted(&line);
            let component = &*self.output.component;
            match own_line(&line, component) {
                Some((level, line)) => tell(level, &line),
                None => tracing::info!(component, stream = self.output.stream, "{line}"),
            }
            self.line.clear();
        }
    }
}

/// A line that is a log line as it stands, on one line and in the name of who printed it.
fn own_line(line: &str, component: &str) -> Option<(Level, String)> {
    if !line.starts_with('{') {
        return None;
    }
    let mut fields: Map<String, Value> = serde_json::from_str(line).ok()?;
    fields.get("timestamp")?.as_str()?;
    let level = fields.get("level")?.as_str()?.parse().ok()?;
    fields.shift_remove("target");
    fields.insert("component".into(), component.into());
    Some((level, Value::Object(fields).to_string()))
}

/// Where the filter lets it through: it is the one of the host's own lines.
fn tell(level: Level, line: &str) {
    let wanted = match level {
        Level::ERROR => tracing::enabled!(Level::ERROR),
        Level::WARN => tracing::enabled!(Level::WARN),
        Level::INFO => tracing::enabled!(Level::INFO),
        Level::DEBUG => tracing::enabled!(Level::DEBUG),
        Level::TRACE => tracing::enabled!(Level::TRACE),
    };
    if wanted {
        // In one piece, so that no other line gets between. There is nobody to tell of a standard error that is gone.
        let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
    }
}

impl AsyncWrite for Lines {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.emit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<(Level, &str)>) {
        let found = own_line(line, "guest");
        assert_eq!(found.as_ref().map(|(level, line)| (*level, &**line)), expected, "{line}");
    }

    #[test]
    fn ops_1_a_filter_that_is_none_is_told() {
        let check = |given: Option<&str>, used: &str, is_told: bool| {
            let (filter, wrong) = filter(given);
            assert_eq!((filter.to_string().as_str(), wrong.is_some()), (used, is_told), "{given:?}");
        };
        check(None, DEFAULT, false);
        check(Some("tollgate=debug"), "tollgate=debug", false);
        check(Some("tollgate=lound,=,"), DEFAULT, true);
    }

    #[test]
    fn ops_1_a_guests_log_line_goes_out_as_it_is() {
        let line = r#"{"timestamp":"t","level":"warn","component":"guest","status":402,"text":"a\nb"}"#;
        check(line, Some((Level::WARN, line)));
        check(
            "{ \"timestamp\" : \"t\",\t\"level\":\"INFO\"}",
            Some((Level::INFO, r#"{"timestamp":"t","level":"INFO","component":"guest"}"#)),
        );
        let carriage_return = "{\"timestamp\":\"t\",\r\"level\":\"error\"}";
        check(carriage_return, Some((Level::ERROR, r#"{"timestamp":"t","level":"error","component":"guest"}"#)));
    }

    #[test]
    fn ops_1_everything_else_is_wrapped() {
        for line in [
            "",
            "hello",
            "{}",
            "[]",
            r#"{"level":"info"}"#,
            r#"{"timestamp":"t"}"#,
            r#"{"timestamp":"t","level":"loud"}"#,
            r#"{"timestamp":1,"level":"info"}"#,
            r#"{"timestamp":"t","level":null}"#,
            r#"{"timestamp":"t","level":"info"} {"timestamp":"t","level":"info"}"#,
            r#"{"timestamp":"t","level":"info""#,
        ] {
            check(line, None);
        }
    }

    #[test]
    fn ops_1_nobody_speaks_in_anothers_name() {
        check(
            r#"{"timestamp":"t","level":"info","component":"other","component":"third"}"#,
            Some((Level::INFO, r#"{"timestamp":"t","level":"info","component":"guest"}"#)),
        );
        check(
            r#"{"target":"tollgate::app","timestamp":"t","level":"info","message":"loaded"}"#,
            Some((Level::INFO, r#"{"timestamp":"t","level":"info","message":"loaded","component":"guest"}"#)),
        );
    }
}
