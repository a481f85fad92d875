//! Stand-ins for the vendors: their real wire shapes, faults on demand, and a record of every call they saw.
//!
//! Tests start one in their own process ([`Mock::start`]); people run the program `mock-vendors`. A tenant's binding
//! points its base URL at `http://HOST/openai/v1`, `/elevenlabs` or `/tavus`; nothing else differs from live.

pub mod client;
mod control;
mod elevenlabs;
mod fault;
mod gate;
mod openai;
mod play;
mod record;
mod state;
mod tavus;
pub mod webhook;

use std::net::SocketAddr;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use fault::Fault;
pub use record::Call;
pub use state::{Pace, State};

/// A running mock; dropping it stops the server.
pub struct Mock {
    pub address: SocketAddr,
    pub state: State,
    server: JoinHandle<()>,
}

impl Mock {
    /// Listens on `listen` (port 0 picks one) and serves until dropped.
    pub async fn start(listen: &str, pace: Pace) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let state = State::new(pace);
        let app = router(state.clone());
        // Without TCP_NODELAY each small write would wait for the last one's acknowledgement.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let server = tokio::spawn(async move { drop(axum::serve(listener, app).await) });
        Ok(Self { address, state, server })
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The base URL of a vendor's binding: `openai`, `elevenlabs` or `tavus`.
    pub fn base_url(&self, vendor: &str) -> String {
        let version = if vendor == "openai" { "/v1" } else { "" };
        format!("{}/{vendor}{version}", self.url())
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// All vendors and the control routes.
pub fn router(state: State) -> Router {
    Router::new()
        .nest("/openai", openai::router())
        .nest("/elevenlabs", elevenlabs::router())
        .nest("/tavus", tavus::router())
        .merge(control::router())
        .layer(DefaultBodyLimit::max(16 * 1024 * 1024))
        .with_state(state)
}
