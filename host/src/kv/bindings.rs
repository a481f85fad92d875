//! The host traits generated from `host/wit`.

wasmtime::component::bindgen!({
    path: "wit",
    world: "tollgate:host/capabilities",
    imports: {
        "wasi:config/store": trappable,
        "spin:key-value/key-value.[static]store.open": async | store | trappable,
        "spin:key-value/key-value.[method]store.get": async | store | trappable,
        "spin:key-value/key-value.[method]store.set": async | store | trappable,
        "spin:key-value/key-value.[method]store.delete": async | store | trappable,
        "spin:key-value/key-value.[method]store.exists": async | store | trappable,
        "spin:key-value/key-value.[method]store.get-keys": async | store | trappable,
        "spin:variables/variables.get": async | store | trappable,
        default: async | trappable,
    },
    with: {
        "wasi:keyvalue/store.bucket": crate::kv::wasi::Bucket,
        "wasi:keyvalue/atomics.cas": crate::kv::wasi::Cas,
        "spin:key-value/key-value.store": crate::kv::spin::OpenStore,
    },
});
