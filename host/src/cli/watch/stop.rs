//! How often somebody has asked to stop: by Ctrl-C, or by SIGTERM.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use anyhow::Result;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

/// See the module's description.
#[derive(Clone)]
pub struct Stop(Arc<AtomicU32>);

impl Stop {
    /// From here on these signals end nothing by themselves.
    pub fn listen() -> Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (mut terminate, mut interrupt) = runtime
            .block_on(async { anyhow::Ok((signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)) })?;
        let asked = Arc::new(AtomicU32::new(0));
        let count = asked.clone();
        thread::Builder::new().name("signals".into()).spawn(move || {
            runtime.block_on(async {
                loop {
                    tokio::select! {
                        _ = terminate.recv() => {}
                        _ = interrupt.recv() => {}
                    }
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        })?;
        Ok(Self(asked))
    }

    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// Somebody doesn't want to wait for what is in flight.
    pub fn is_urged(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }

    #[cfg(test)]
    pub fn never() -> Self {
        Self(Arc::default())
    }
}
