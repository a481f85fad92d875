//! Generated: the interface this component exports.

wit_bindgen::generate!({
    path: ["../../wit/vendor", "../../wit/core"],
    world: "tollgate:core/pre-flight",
});

pub use exports::tollgate::core::limits;

#[cfg(target_family = "wasm")]
export!(PreFlight);

/// Carries the exports; see `exports.rs`.
pub struct PreFlight;
