//! The component's types and entry points, generated from `wit/vendor/adapter.wit`.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    missing_docs,
    reason = "generated: sizes of lists that the host has laid out"
)]

wit_bindgen::generate!({
    path: "../../wit/vendor",
    world: "bundle",
    pub_export_macro: true,
    export_macro_name: "export_component",
});
