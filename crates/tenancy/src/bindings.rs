//! A tenant's bindings to vendors: secrets come in sealed, and never leave.

use kv_schemas::{Store, StoreError};
use serde_json::{Map, Value as Json};

use crate::{
    Mode, VendorBinding, WriteError,
    create::is_gone,
    find_tenant,
    holdings::{self, Holding},
    vendor_binding,
};

/// A binding with new secrets already sealed; an absent one keeps the old.
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

/// Writes a binding, replacing any.
pub fn bind(store: &dyn Store, tenant: &str, vendor: &str, asked: BindingSealed) -> Result<(), WriteError> {
    find_tenant(store, tenant)?.ok_or(WriteError::NotFound("tenant"))?;
    let binding = vendor_binding(tenant, vendor);
    let old = binding.get(store)?;
    if old.is_none() {
        // What if we crash here? A note of a binding that isn't there; removing it later does nothing.
        holdings::log(tenant).append(store, &Holding::Vendor { vendor: vendor.into() })?;
    }
    let old = old.unwrap_or_default();
    let next = VendorBinding {
        mode: asked.mode,
        base_url: asked.base_url,
        sealed_secret: asked.sealed_secret.or(old.sealed_secret),
        sealed_webhook_secret: asked.sealed_webhook_secret.or(old.sealed_webhook_secret),
        options: asked.options,
    };
    binding.set(store, &next)?;
    // Deleted meanwhile? The deletion may have passed before the binding was there.
    if is_gone(store, tenant)? {
        binding.delete(store)?;
        return Err(WriteError::NotFound("tenant"));
    }
    Ok(())
}

/// Removes a binding. Idempotent.
pub fn unbind(store: &dyn Store, tenant: &str, vendor: &str) -> Result<(), WriteError> {
    find_tenant(store, tenant)?.ok_or(WriteError::NotFound("tenant"))?;
    // Its note stays: one for each time a vendor is bound anew.
    vendor_binding(tenant, vendor).delete(store)?;
    Ok(())
}

/// Reads a binding.
pub fn find_binding(store: &dyn Store, tenant: &str, vendor: &str) -> Result<Option<VendorBinding>, StoreError> {
    vendor_binding(tenant, vendor).get(store)
}
