//! Generated: the leaves and the vendors, as declared in `wit/`.

wit_bindgen::generate!({
    path: ["../../wit/vendor", "../../wit/core"],
    world: "tollgate:core/gate",
    generate_all,
});

pub use tollgate::{
    core::{audit, limits, sessions},
    vendor::adapter,
};
