//! All vendor adapters as one component: exports `tollgate:vendor/adapter`, imports nothing.
//!
//! Without imports there is nothing an adapter could do but compute. A new vendor is one line in `VENDORS`.

#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

mod bindings;
mod convert;
mod exports;
mod meter;
#[cfg(target_family = "wasm")]
mod runtime;

use adapter::Adapter;

/// Every vendor of this bundle.
const VENDORS: &[&dyn Adapter] = &[&openai::OpenAi, &elevenlabs::ElevenLabs, &tavus::Tavus];

/// What is said where [`find`] finds nothing.
const UNKNOWN: &str = "this bundle has no such vendor";

/// The vendor of that name.
fn find(vendor: &str) -> Option<&'static dyn Adapter> {
    VENDORS.iter().copied().find(|adapter| adapter.profile().vendor == vendor)
}
