//! Stand-ins for the vendors: their real wire shapes, faults on demand, and a record of every call they saw.
//!
//! Tests start one in their own process ([`Mock::start`]); people run the program `mock-vendors`. A tenant's binding
//! points its base URL at [`Mock::base_url`], such as `http://HOST/openai/v1` or `/tavus`; nothing else differs from
//! live. Any key will do that doesn't begin with `bad`; LiveKit's is `<id>:mock-secret-of-livekit`.

mod anthropic;
mod callback;
mod cartesia;
mod chat;
pub mod client;
mod clock;
mod context;
mod control;
mod deepseek;
mod director;
mod elevenlabs;
mod fault;
mod gate;
mod gemini;
mod heygen;
mod jobs;
mod jwt;
mod live;
mod livekit;
mod openai;
mod play;
mod record;
mod speech;
mod state;
mod tavus;
mod telegram;
mod vendors;
pub mod webhook;

use std::net::SocketAddr;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use callback::Hook;
pub use fault::Fault;
pub use jobs::{Job, Plan};
pub use live::LiveSession;
pub use record::Call;
pub use state::{Pace, State};
pub use telegram::{Message, Said};
pub use vendors::{VENDORS, base_url};

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

    /// The base URL of a vendor's binding.
    pub fn base_url(&self, vendor: &str) -> String {
        base_url(&self.url(), vendor)
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
        .nest("/anthropic", anthropic::router())
        .nest("/gemini", gemini::router())
        .nest("/deepseek", deepseek::router())
        .nest("/elevenlabs", elevenlabs::router())
        .nest("/cartesia", cartesia::router())
        .nest("/tavus", tavus::router())
        .nest("/heygen", heygen::router())
        .nest("/livekit", livekit::router())
        .nest("/sportradar", context::sportradar::router())
        .nest("/newsapi", context::newsapi::router())
        .nest("/kie", jobs::kie::router())
        .nest("/shotstack", jobs::shotstack::router())
        .nest("/upload-post", jobs::upload_post::router())
        .nest("/telegram", telegram::router())
        .merge(jobs::files())
        .merge(control::router())
        .merge(director::router(&state))
        .layer(DefaultBodyLimit::max(16 * 1024 * 1024))
        .with_state(state)
}
