//! Generated: the port that is exported.

/// `tollgate:core/sessions`, exported.
pub mod port {
    wit_bindgen::generate!({
        path: ["../../wit/vendor", "../../wit/core"],
        world: "tollgate:core/session-authorize",
        generate_all,
    });
}
