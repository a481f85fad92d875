//! The site component: the landing page, the widget's modules and the demo setting the page reads.
//!
//! It answers every path no other component claims, so it is also the house's polite 404.
//! [`routes`] decides, [`assets`] holds the files, [`settings`] checks what an operator stores, [`reply`] is the
//! plain answer they all return. Only `component` knows Spin; the rest builds and tests natively.

pub mod assets;
#[cfg(target_family = "wasm")]
mod component;
pub mod reply;
pub mod routes;
pub mod settings;
