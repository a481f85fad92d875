//! Generated: the port that is exported, and the variables that its functions read without waiting.

/// `tollgate:core/sessions`, exported.
pub mod port {
    wit_bindgen::generate!({
        path: ["../../wit/vendor", "../../wit/core"],
        world: "tollgate:core/session-authorize",
        generate_all,
    });
}

/// `wasi:config/store`.
pub mod config {
    wit_bindgen::generate!({
        path: "wit",
        world: "wasi:config/variables",
        generate_all,
    });
}
