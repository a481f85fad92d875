//! The embedded edge host: runs an application of WebAssembly components from a `spin.toml`, with a durable key-value store,
//! in one process.
//!
//! [`serve`] starts a host; the program `tollgate` is a command line around it.

// The tests' common part is a client of this crate, also where it is used from inside.
#[cfg(test)]
extern crate self as tollgate;
#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;

mod app;
mod compose;
pub mod effects;
mod engine;
pub mod instance;
pub mod keys;
pub mod kv;
pub mod logs;
pub mod manifest;
pub mod metrics;
pub mod outbound;
mod pages;
pub mod server;
pub mod settings;
mod threads;
mod timer;
pub mod variables;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

pub use self::app::{Finding, examine};
use self::instance::Settings;
use self::kv::durability::Durability;
use self::kv::{Backend, KeyValue};
use self::metrics::Metrics;
use self::server::{Limits, listener};
use self::timer::Timer;

/// How long a shutdown takes at most.
const PATIENCE: Duration = Duration::from_millis(9_500);
/// How much of that connections have, before they are cut and components settle.
const CONNECTION_PATIENCE: Duration = Duration::from_secs(8);

/// How a host is started.
#[derive(Clone, Debug)]
pub struct Options {
    pub listen: SocketAddr,
    pub manifest: PathBuf,
    /// Created when it isn't there.
    pub data: PathBuf,
    /// Compiled components; by default below the data folder.
    pub cache: Option<PathBuf>,
    pub kv: Backend,
    /// `name` and value, before the environment.
    pub variables: Vec<(String, String)>,
    /// What a commit of the embedded store survives.
    pub durability: Durability,
    /// Where a file `store-down` makes the store look out of reach ([`kv::drill`]); by default nowhere.
    pub drills: Option<PathBuf>,
    pub settings: Settings,
    pub limits: Limits,
}

impl Options {
    /// The defaults of `tollgate up`.
    pub fn new(manifest: impl Into<PathBuf>, data: impl Into<PathBuf>) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            manifest: manifest.into(),
            data: data.into(),
            cache: None,
            kv: Backend::Sqlite,
            variables: Vec::new(),
            durability: Durability::default(),
            drills: None,
            settings: Settings::default(),
            limits: Limits::default(),
        }
    }
}

/// A host at work. Dropping it doesn't stop it; [`Running::shutdown`] does.
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// The file with keys that were made at this start.
    pub made_keys: Option<PathBuf>,
    stop: CancellationToken,
    server: JoinHandle<()>,
    timer: Option<Timer>,
    metrics: Arc<Metrics>,
    kv: Arc<dyn KeyValue>,
}

/// Starts a host and returns once it listens.
///
/// # Errors
/// Whatever is wrong with the manifest, a component, a variable, the data folder or the address.
pub async fn serve(options: Options) -> Result<Running> {
    let stop = CancellationToken::new();
    // First, because it fails fast. Whoever connects already is answered once everything is loaded.
    let listener =
        TcpListener::bind(options.listen).await.with_context(|| format!("listening on {}", options.listen))?;
    let addr = listener.local_addr()?;
    let app = app::App::start(&options).await?;
    let server = tokio::spawn(listener::run(listener, app.gate.clone(), stop.clone(), CONNECTION_PATIENCE));
    let timer = match app.admin_key {
        Some(admin_key) if timer::is_routed(&app.maintenance) => Some(timer::start(app.maintenance, admin_key)?),
        _ => None,
    };
    Ok(Running { addr, made_keys: app.made_keys, stop, server, timer, metrics: app.metrics, kv: app.kv })
}

impl Running {
    /// Stops accepting, finishes what is in flight (10 s at most; live events end at once), and closes the store.
    pub async fn shutdown(self) {
        let deadline = Instant::now() + PATIENCE;
        if let Some(timer) = &self.timer {
            timer.stop();
        }
        self.stop.cancel();
        let _ = self.server.await;
        // Responses have been written; instances may still be settling what they cost.
        while self.metrics.instances.busy() > 0 && Instant::now() < deadline {
            sleep(Duration::from_millis(5)).await;
        }
        if let Some(timer) = self.timer {
            timer.end();
        }
        let kv = self.kv;
        // Whatever still runs now gets an error from the store; what was acknowledged before is written.
        let _ = tokio::task::spawn_blocking(move || kv.close()).await;
    }
}
