//! Generated: who is calling.

wit_bindgen::generate!({
    path: ["../../wit/vendor", "../../wit/core"],
    world: "tollgate:core/event-relay",
    generate_all,
});

pub use tollgate::core::sessions;
