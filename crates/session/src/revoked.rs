//! Which of many sessions have lost what they rest on: their key, their tenant, or the consent to its twin.

use std::{collections::BTreeMap, rc::Rc};

use kv_schemas::{Store, StoreError};
use tenancy::{Access, find_access, find_key};

use crate::{Session, state::is_revoked};

/// Remembers during one walk what tenants are like and which keys are gone: many sessions share them.
#[derive(Default)]
pub(crate) struct Revoked {
    /// Absent once it is gone.
    tenants: BTreeMap<String, Option<Rc<Access>>>,
    keys: BTreeMap<String, bool>,
}

impl Revoked {
    pub(crate) fn is(&mut self, store: &dyn Store, session: &Session) -> Result<bool, StoreError> {
        let tenant = match self.tenants.get(&session.tenant) {
            Some(tenant) => tenant.clone(),
            None => {
                let tenant = find_access(store, &session.tenant)?;
                self.tenants.insert(session.tenant.clone(), tenant.clone());
                tenant
            }
        };
        let tenant_gone = tenant.is_none_or(|tenant| is_revoked(&tenant, session));
        let key_gone = match self.keys.get(&session.key_sha256) {
            Some(gone) => *gone,
            None => {
                let gone = find_key(store, &session.key_sha256)?.is_none();
                self.keys.insert(session.key_sha256.clone(), gone);
                gone
            }
        };
        Ok(tenant_gone || key_gone)
    }
}
