//! The component's types and entry points, generated from `wit/vendor/adapter.wit`.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "generated: sizes of lists that the host has laid out"
)]

wit_bindgen::generate!({ path: "../../wit/vendor", world: "bundle" });

export!(Bundle with_types_in self);

/// The component.
pub struct Bundle;
