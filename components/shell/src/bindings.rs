//! Generated: the host's key-value store, and its variables as synchronous functions read them.

/// `wasi:keyvalue`.
pub mod keyvalue {
    wit_bindgen::generate!({
        path: "../../wit/keyvalue",
        world: "wasi:keyvalue/counters",
        generate_all,
    });
}

/// `wasi:config`.
pub mod config {
    wit_bindgen::generate!({
        path: "../../wit/config",
        world: "wasi:config/variables",
        generate_all,
    });
}
