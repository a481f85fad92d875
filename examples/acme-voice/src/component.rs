//! The component: a list of adapters, exported. More vendors, yours or others', are more entries.

use adapter::Adapter;

struct Vendors;

impl guest::Vendors for Vendors {
    const ALL: &'static [&'static dyn Adapter] = &[&crate::Acme];
}

guest::export!(Vendors);
