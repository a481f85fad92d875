//! Log lines: the host's own as JSON on stderr, and what guests print, line by line, with the component's name.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use tracing_subscriber::EnvFilter;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

/// Longest line a guest may print; the rest of it is dropped.
const MAX_LINE: usize = 4 * 1024;
/// The environment variable with the filter, such as `info,tollgate=debug`.
pub const FILTER: &str = "TOLLGATE_LOG";

/// Sends the logs of this process to stderr.
pub fn start() {
    let filter = EnvFilter::try_from_env(FILTER).unwrap_or_else(|_| EnvFilter::new("info"));
    // Fails only when a test or an embedding program has set up logs of its own, which then stay.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .try_init();
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
            tracing::info!(
                component = &*self.output.component,
                stream = self.output.stream,
                "{}",
                String::from_utf8_lossy(&self.line)
            );
            self.line.clear();
        }
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
