//! The records themselves, as they are stored and as `GET` shows them.

use std::{collections::BTreeMap, rc::Rc};

use kv_schemas::{Memo, Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::{Disclosure, Ladder, Limits, Privacy, Route, TwinAccess};

/// What a session may be opened from.
pub const CHANNELS: [&str; 3] = ["portal", "widget", "landing"];
/// What a session may be used for.
pub const CAPABILITIES: [&str; 5] = ["chat", "speech", "video", "context", "jobs"];

/// One persona. Everything optional has the default that the contract shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// 1 to 64 of `A-Za-z0-9._-`, beginning with a letter or digit.
    pub id: String,
    /// Owns the tenant; its caps hold too.
    pub company: String,
    /// For people.
    #[serde(default)]
    pub display_name: String,
    /// Exact origins such as `https://www.example.com`.
    #[serde(default)]
    pub allowed_origins: Vec<String>,
    /// Some of [`CHANNELS`].
    #[serde(default = "all_channels")]
    pub channels: Vec<String>,
    /// Some of [`CAPABILITIES`].
    #[serde(default = "all_capabilities")]
    pub capabilities: Vec<String>,
    /// Who vouches for end users, where the tenant demands it.
    #[serde(default)]
    pub end_user_auth: Option<EndUserAuth>,
    /// Attested age without which no session is opened.
    #[serde(default)]
    pub minimum_age: Option<u32>,
    /// Whether consent must be recorded before a session is opened.
    #[serde(default = "yes")]
    pub consent_required: bool,
    /// Caps and rates; what is absent may come from the company ([`Limits::or_defaults_of`]).
    #[serde(default)]
    pub limits: Limits,
    /// When to slow down and when to fall back to text, as a part of the monthly cap.
    #[serde(default)]
    pub ladder: Ladder,
    /// What a visitor reads when denied.
    #[serde(default = "sleeping")]
    pub fallback_message: String,
    /// Which vendor serves a capability.
    #[serde(default)]
    pub vendors: BTreeMap<String, VendorChoice>,
    /// What a page may ask for instead of a model, by name.
    #[serde(default)]
    pub routes: BTreeMap<String, Route>,
    /// What is masked before it leaves.
    #[serde(default)]
    pub privacy: Privacy,
    /// What public streams show.
    #[serde(default)]
    pub disclosure: Disclosure,
    /// Pages that sell what needs a certificate of analysis, such as `/shop/*`.
    #[serde(default)]
    pub restricted_pages: Vec<String>,
    /// Its twin, where it has one: kept by what `/v1/twins` does, not by who changes the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<TwinAccess>,
}

impl Tenant {
    /// A tenant with every default of the contract.
    #[must_use]
    pub fn new(id: &str, company: &str) -> Self {
        Self {
            id: id.into(),
            company: company.into(),
            display_name: String::new(),
            allowed_origins: Vec::new(),
            channels: all_channels(),
            capabilities: all_capabilities(),
            end_user_auth: None,
            minimum_age: None,
            consent_required: true,
            limits: Limits::default(),
            ladder: Ladder::default(),
            fallback_message: sleeping(),
            vendors: BTreeMap::new(),
            routes: BTreeMap::new(),
            privacy: Privacy::default(),
            disclosure: Disclosure::default(),
            restricted_pages: Vec::new(),
            twin: None,
        }
    }
}

/// What of a tenant decides who may call. It is read for every call, so nothing else of the record is built for it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Access {
    /// The tenant's id.
    pub id: String,
    /// As of [`Tenant`].
    #[serde(default)]
    pub allowed_origins: Vec<String>,
    /// As of [`Tenant`].
    #[serde(default = "all_channels")]
    pub channels: Vec<String>,
    /// As of [`Tenant`].
    #[serde(default = "all_capabilities")]
    pub capabilities: Vec<String>,
    /// As of [`Tenant`].
    #[serde(default)]
    pub twin: Option<TwinAccess>,
}

/// The vendor of one capability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct VendorChoice {
    /// The vendor's name.
    pub provider: String,
    /// The model, where the vendor has models and the page asks for `auto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Of `context`: the topic whose context is put into the chat's system message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into_chat: Option<String>,
    /// Of `context`: how long an answer is kept; absent, as long as the vendor's adapter says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_seconds: Option<u64>,
}

/// Who signs end users' tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndUserAuth {
    /// The `iss` claim.
    pub issuer: String,
    /// The `aud` claim.
    pub audience: String,
    /// The key set itself (RFC 7517) ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Json>,
    /// ... or where it is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<String>,
}

/// A company's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Company {
    /// The company's id.
    pub id: String,
    /// Caps that hold for all its tenants together, and defaults for each of them: [`Limits`] says which is which.
    #[serde(default)]
    pub limits: Limits,
}

/// Mock and live share all code but the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The vendor itself.
    #[default]
    Live,
    /// A stand-in at `base_url`.
    Mock,
}

impl Mode {
    /// The name in requests and in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Mock => "mock",
        }
    }
}

/// A tenant's binding to one vendor, as stored: secrets are sealed (crate `vault`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct VendorBinding {
    /// Live or mock.
    pub mode: Mode,
    /// Instead of the vendor's own; only in development.
    pub base_url: Option<String>,
    /// The vendor's key, sealed with context `vendor/{tenant}/{vendor}/secret`.
    pub sealed_secret: Option<String>,
    /// The webhook secret, sealed with context `vendor/{tenant}/{vendor}/webhook`.
    pub sealed_webhook_secret: Option<String>,
    /// Handed to the adapter as it is.
    pub options: Map<String, Json>,
}

/// A tenant's key.
#[must_use]
pub fn tenant(id: &str) -> Value<Tenant> {
    families::TENANT.value(&[id])
}

/// A company's key.
#[must_use]
pub fn company(id: &str) -> Value<Company> {
    families::COMPANY.value(&[id])
}

/// A vendor binding's key.
#[must_use]
pub fn vendor_binding(tenant: &str, vendor: &str) -> Value<VendorBinding> {
    families::VENDOR.value(&[tenant, vendor])
}

thread_local! {
    // Read in every call, and hardly ever changed.
    static TENANTS: Memo<Tenant> = const { Memo::new(8) };
    static ACCESSES: Memo<Access> = const { Memo::new(8) };
    static COMPANIES: Memo<Company> = const { Memo::new(8) };
}

/// Reads a tenant.
pub fn find_tenant(store: &dyn Store, id: &str) -> Result<Option<Tenant>, StoreError> {
    Ok(tenant(id).get_memo(store, &TENANTS)?.map(Rc::unwrap_or_clone))
}

/// Reads of a tenant what decides who may call.
pub fn find_access(store: &dyn Store, id: &str) -> Result<Option<Rc<Access>>, StoreError> {
    families::TENANT.value(&[id]).get_memo(store, &ACCESSES)
}

/// Reads a company.
pub fn find_company(store: &dyn Store, id: &str) -> Result<Option<Rc<Company>>, StoreError> {
    company(id).get_memo(store, &COMPANIES)
}

fn all_channels() -> Vec<String> {
    CHANNELS.map(str::to_owned).into()
}

fn all_capabilities() -> Vec<String> {
    CAPABILITIES.map(str::to_owned).into()
}

fn yes() -> bool {
    true
}

fn sleeping() -> String {
    "I am sleeping now".into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn who_may_call_is_what_the_tenant_says() {
        let check = |tenant: &Tenant| {
            let access: Access = serde_json::from_slice(&serde_json::to_vec(tenant).unwrap()).unwrap();
            let Tenant { id, allowed_origins, channels, capabilities, twin, .. } = tenant.clone();
            assert_eq!(access, Access { id, allowed_origins, channels, capabilities, twin });
        };
        let mut tenant = Tenant::new("a", "c");
        check(&tenant);
        tenant.allowed_origins = vec!["https://a.example".into()];
        (tenant.channels, tenant.capabilities) = (vec!["widget".into()], Vec::new());
        tenant.twin = Some(TwinAccess::new("MTID#0000-0000-0001"));
        check(&tenant);
        let written = r#"{"id":"a","company":"c"}"#;
        let (whole, access): (Tenant, Access) =
            (serde_json::from_str(written).unwrap(), serde_json::from_str(written).unwrap());
        assert_eq!((whole.channels, whole.capabilities), (access.channels, access.capabilities));
    }

    #[test]
    fn a_tenant_needs_only_id_and_company() {
        let tenant: Tenant = serde_json::from_str(r#"{"id":"a","company":"c"}"#).unwrap();
        assert!(tenant.consent_required);
        assert_eq!(tenant.fallback_message, "I am sleeping now");
        assert_eq!(tenant.limits.monthly_cap(), None);
    }
}
