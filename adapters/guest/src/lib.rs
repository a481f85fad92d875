//! Adapters as a component: exports `tollgate:vendor/adapter` around any list of them, imports nothing.
//!
//! Without imports there is nothing an adapter could do but compute. A component is a list and one line:
//!
//! ```ignore
//! struct Mine;
//!
//! impl guest::Vendors for Mine {
//!     const ALL: &'static [&'static dyn adapter::Adapter] = &[&acme::Acme];
//! }
//!
//! guest::export!(Mine);
//! ```

#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

pub mod bindings;
mod convert;
mod exports;
mod meter;
#[cfg(target_family = "wasm")]
mod runtime;

use core::marker::PhantomData;

use adapter::Adapter;

/// The vendors of a component.
pub trait Vendors: 'static {
    /// Each of them, under its own name.
    const ALL: &'static [&'static dyn Adapter];
}

/// The component around them.
pub struct Component<V>(PhantomData<V>);

/// Makes the crate that says it the component of these [`Vendors`].
#[macro_export]
macro_rules! export {
    ($vendors:ty) => {
        type TollgateComponent = $crate::Component<$vendors>;
        $crate::bindings::export_component!(TollgateComponent with_types_in $crate::bindings);
    };
}

/// What is said where [`find`] finds nothing.
const UNKNOWN: &str = "this bundle has no such vendor";

/// The vendor of that name.
fn find<V: Vendors>(vendor: &str) -> Option<&'static dyn Adapter> {
    V::ALL.iter().copied().find(|adapter| adapter.profile().vendor == vendor)
}
