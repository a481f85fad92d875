//! The HTTP side: connections ([`listener`]), what a request must be like to reach a component ([`request`], [`intake`]),
//! which one it reaches ([`routes`]) and when ([`gate`]), and how the answer leaves ([`response`]).

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use wasmtime_wasi_http::Error;

pub mod arrivals;
pub mod body;
pub mod continued;
pub mod cors;
pub mod errors;
pub mod first;
pub mod gate;
pub mod intake;
pub mod limits;
pub mod listener;
pub mod live;
pub mod live_socket;
pub mod request;
pub mod response;
pub mod routes;

pub use self::gate::Gate;
pub use self::limits::Limits;

/// A body on its way to the client.
pub type OutBody = UnsyncBoxBody<Bytes, Error>;
