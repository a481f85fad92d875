//! Tenants, companies, their keys and their bindings to vendors: the records every component reads, and the rules for
//! writing them (twin-registry alone writes).

mod keys;
mod records;

pub use keys::{Credential, KeyKind, KeyRecord, admin_key_matches, hash_key};
pub use records::{
    CAPABILITIES, CHANNELS, Company, EndUserAuth, Ladder, Limits, Mode, Tenant, VendorBinding, VendorChoice, company,
    find_tenant, tenant, vendor_binding,
};
