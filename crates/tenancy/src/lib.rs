//! Tenants, companies, their keys and their bindings to vendors: the records every component reads, and the rules for
//! writing them (twin-registry alone writes).
//!
//! Reading: [`find_tenant`], [`find_key`], [`find_binding`], [`list`]; for auditors [`highest_cap`].
//! Checking what an operator sends: the `parse_*` functions.
//! Writing: [`create`], [`patch`], [`delete`], [`put_company`], [`issue_key`], [`revoke_key`], [`bind`], [`put_prices`];
//! each says at each effect what a crash there leaves behind,
//! and notes in a [`Journal`] what it is about to change.

mod binding_rules;
mod bindings;
mod change;
mod claim;
mod companies;
mod create;
mod disclosure;
mod endpoint;
mod endpoint_rules;
mod event_id;
mod events;
mod fields;
mod holdings;
mod keys;
mod ladder;
mod limit_rules;
mod limits;
mod list;
mod names;
mod origins;
mod page_rules;
mod past_limits;
mod price_rules;
mod prices;
mod privacy;
mod records;
mod route_rules;
mod routes;
mod telegram_rules;
mod tenant_rules;
#[cfg(test)]
mod tests;
mod twin;
mod vendor_rules;
mod write_error;

pub use binding_rules::{BindingAsked, NO_DEV_HOSTS, parse_binding};
pub use bindings::{BindingSealed, bind, bound_vendors, find_binding, unbind};
pub use change::{clear_up_if_gone, delete, patch};
pub use claim::{Claim, Mark};
pub use companies::put_company;
pub use create::{MAKING_LEASE, NewKeys, create};
pub use disclosure::{Disclosure, LAWS, Law, LawRow, Spoken};
pub use endpoint::{
    Endpoint, EndpointSealed, ListedEndpoint, OldSecret, endpoint_context, endpoint_list, find_endpoint,
    remove_endpoint, set_endpoint,
};
pub use endpoint_rules::{EVENT_TYPES, EndpointAsked, SECRET_PREFIX, parse_endpoint};
pub use event_id::event_id;
pub use events::{Event, Journal, Unlogged};
pub use fields::{Invalid, Object};
pub use holdings::{list_twin, will_hold_certificates, will_hold_twin};
pub use keys::{
    Credential, KeyKind, KeyRecord, admin_key_matches, find_key, hash_key, issue_key, key_by_hash, key_hash, key_id,
    list_keys, revoke_key,
};
pub use ladder::Ladder;
pub use limit_rules::parse_company;
pub use limits::Limits;
pub use list::{Page, Search, list};
pub use names::{is_id, is_route, is_vendor};
pub use page_rules::{is_page, is_restricted};
pub use past_limits::{Highest, Owner, PAST_KEPT, PastLimits, highest_cap};
pub use price_rules::parse_prices;
pub use prices::{all_prices, put_prices, vendor_prices};
pub use privacy::{PersonalData, Privacy};
pub use records::{
    Access, CAPABILITIES, CHANNELS, Company, EndUserAuth, Mode, Tenant, VendorBinding, VendorChoice, company,
    find_access, find_company, find_tenant, tenant, vendor_binding,
};
pub use routes::{Route, RoutePick, RouteRung, RouteWeights};
pub use tenant_rules::{merge_patch, parse_tenant, patched};
pub use twin::{TWIN_CHANGE_MS, TwinAccess, claim_twin, set_twin_access, twin_access};
pub use write_error::WriteError;
