//! A tenant's bindings to vendors: secrets come in sealed, and never leave.

use std::{collections::BTreeSet, rc::Rc};

use calendar::Millis;
use kv_schemas::{Memo, Store, StoreError};
use serde_json::{Map, Value as Json};

use crate::{
    Event, Journal, Mode, Tenant, VendorBinding, WriteError,
    create::is_gone,
    find_tenant,
    holdings::{self, Holding},
    twin, vendor_binding,
};

/// A binding with new secrets already sealed; an absent one keeps the old.
#[derive(Clone)]
pub struct BindingSealed {
    /// Live or mock.
    pub mode: Mode,
    /// Instead of the vendor's own.
    pub base_url: Option<String>,
    /// See [`VendorBinding::sealed_secret`].
    pub sealed_secret: Option<String>,
    /// See [`VendorBinding::sealed_webhook_secret`].
    pub sealed_webhook_secret: Option<String>,
    /// For the adapter.
    pub options: Map<String, Json>,
}

/// Writes a binding, replacing any. One at a time: a key that isn't given anew must stay the newest.
pub fn bind(
    store: &dyn Store,
    now: Millis,
    tenant: &str,
    vendor: &str,
    asked: BindingSealed,
    journal: &dyn Journal,
) -> Result<(), WriteError> {
    // A tenant that isn't there leaves no mark either.
    let owner = find_tenant(store, tenant)?.ok_or(WriteError::NotFound("tenant"))?;
    twin::alone(store, now, tenant, || bind_now(store, &owner, vendor, asked, journal))
}

fn bind_now(
    store: &dyn Store,
    owner: &Tenant,
    vendor: &str,
    asked: BindingSealed,
    journal: &dyn Journal,
) -> Result<(), WriteError> {
    let tenant = owner.id.as_str();
    let binding = vendor_binding(tenant, vendor);
    let old = binding.get(store)?;
    let is_new = old.is_none();
    let old = old.unwrap_or_default();
    let next = VendorBinding {
        mode: asked.mode,
        base_url: asked.base_url,
        sealed_secret: asked.sealed_secret.or_else(|| old.sealed_secret.clone()),
        sealed_webhook_secret: asked.sealed_webhook_secret.or_else(|| old.sealed_webhook_secret.clone()),
        options: asked.options,
    };
    if is_new || next != old {
        // What if we crash here? The binding is as it was, and the repeat is noted again.
        journal.note(&Event::vendor_bound(owner, vendor, &old, &next))?;
    }
    if is_new {
        // What if we crash here? A note of a binding that isn't there; removing it later does nothing.
        holdings::log(tenant).append(store, &Holding::Vendor { vendor: vendor.into() })?;
    }
    binding.set(store, &next)?;
    // Deleted meanwhile? The deletion may have passed before the binding was there.
    if is_gone(store, tenant)? {
        binding.delete(store)?;
        return Err(WriteError::NotFound("tenant"));
    }
    Ok(())
}

/// Removes a binding. Idempotent.
pub fn unbind(
    store: &dyn Store,
    now: Millis,
    tenant: &str,
    vendor: &str,
    journal: &dyn Journal,
) -> Result<(), WriteError> {
    let owner = find_tenant(store, tenant)?.ok_or(WriteError::NotFound("tenant"))?;
    twin::alone(store, now, tenant, || {
        let binding = vendor_binding(tenant, vendor);
        if let Some(old) = binding.get(store)? {
            // What if we crash here? The binding is still there, and the repeat is noted again.
            journal.note(&Event::vendor_unbound(&owner, vendor, &old))?;
        }
        // The tenant's note of it stays: one for each time a vendor is bound anew.
        binding.delete(store)?;
        Ok(())
    })
}

/// The vendors that a tenant is bound to, or was.
///
/// # Errors
/// The store can't be reached.
pub fn bound_vendors(store: &dyn Store, tenant: &str) -> Result<BTreeSet<String>, StoreError> {
    let vendor = |(_, holding)| match holding {
        Holding::Vendor { vendor } => Some(vendor),
        _ => None,
    };
    Ok(holdings::all(store, tenant)?.into_iter().filter_map(vendor).collect())
}

/// Reads a binding.
pub fn find_binding(store: &dyn Store, tenant: &str, vendor: &str) -> Result<Option<VendorBinding>, StoreError> {
    thread_local!(static BINDINGS: Memo<VendorBinding> = const { Memo::new(8) });
    Ok(vendor_binding(tenant, vendor).get_memo(store, &BINDINGS)?.map(Rc::unwrap_or_clone))
}
