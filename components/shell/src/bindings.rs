//! Generated: the host's key-value store.

wit_bindgen::generate!({
    path: "../../wit/keyvalue",
    world: "wasi:keyvalue/counters",
    generate_all,
});
