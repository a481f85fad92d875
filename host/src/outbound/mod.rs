//! HTTP requests of guests to the outside: who may be called ([`policy`]), how the connection is made ([`connector`]), and
//! the pooled client with its timeouts ([`client`]).

pub mod addresses;
pub mod client;
pub mod connector;
pub mod policy;
