//! A twin, as it is stored.
//!
//! ```text
//!   created --deploy--> deployed (production | staging) --withdraw--> created
//!      +-----------------+--retire--> retired
//! ```
//! Whether it may be used is in the tenant's record (`tenancy::TwinAccess`), which follows from this one.

use std::rc::Rc;

use calendar::Millis;
use kv_schemas::{Memo, Store, StoreError, Value, families};
use serde::{Deserialize, Serialize};

use crate::{AvatarType, BehaviorMode, Emotion, Link, Mtid};

/// The most links of a twin.
pub const MAX_LINKS: usize = 64;
/// The most licences of earlier months, ten years of them.
pub(crate) const MAX_PAST_LICENCES: usize = 120;

/// A tenant's persona.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Twin {
    /// Its id, for good.
    pub id: Mtid,
    /// Whose it is.
    pub tenant: String,
    /// 1 to 120 characters.
    pub name: String,
    /// How it behaves where no link says otherwise.
    pub behavior_mode: BehaviorMode,
    /// What it looks like.
    #[serde(default)]
    pub avatar_type: AvatarType,
    /// How much it shows of what it feels.
    #[serde(default)]
    pub emotion: Emotion,
    /// What else the model is told: up to 4,000 characters.
    #[serde(default)]
    pub instructions: String,
    /// Its voice, where that isn't the one it was trained for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<Voice>,
    /// What the vendor of live video calls its persona or replica.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_persona: Option<String>,
    /// Where it is deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// When it was retired, for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<Millis>,
    /// Where it appears: at most [`MAX_LINKS`], no module and mode twice.
    #[serde(default)]
    pub links: Vec<Link>,
    /// What it has to do with its company's other twins.
    #[serde(default)]
    pub mesh: Mesh,
    /// Who earns by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<Licence>,
    /// The last one of each earlier month in which it changed, the oldest first: what a month has earned goes by what was
    /// agreed in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past_licences: Vec<Licence>,
    /// Its place in the list of all twins.
    #[serde(default)]
    pub listed: u64,
    /// When it was made.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
}

/// Where a twin is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Pages may open sessions.
    Production,
    /// The tenant's own server may.
    Staging,
}

impl Environment {
    /// The name in requests, answers and the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
        }
    }
}

/// A voice at a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    /// The vendor.
    pub provider: String,
    /// What it calls the voice: 1 to 200 characters.
    pub voice_id: String,
}

/// Both are switched off until somebody switches them on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Mesh {
    /// It leaves notes for the others.
    #[serde(default)]
    pub share: bool,
    /// It reads theirs.
    #[serde(default)]
    pub learn: bool,
}

/// Under which terms a twin may be used, and who earns by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// `0x` and 40 hex digits.
    pub creator_wallet: String,
    /// What others may do with it.
    #[serde(default)]
    pub options: LicenceOptions,
    /// The creator's part in percent, 1 to 100.
    pub creator_share: u8,
    /// Since when.
    pub at: Millis,
}

/// See [`Licence`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct LicenceOptions {
    /// To earn money by it.
    #[serde(default)]
    pub allow_commercial_use: bool,
    /// To change it.
    #[serde(default)]
    pub allow_modifications: bool,
}

impl Twin {
    /// `created`, `deployed` or `retired`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match (self.retired_at, self.environment) {
            (Some(_), _) => "retired",
            (None, Some(_)) => "deployed",
            (None, None) => "created",
        }
    }

    /// The licence that a month (`2026-11`) goes by: the last one agreed by its end, else the first one there was.
    #[must_use]
    pub fn licence_in(&self, month: &str) -> Option<&Licence> {
        let mut all = self.past_licences.iter().chain(&self.licence);
        let first = all.clone().next();
        all.rfind(|licence| licence.at.month().as_str() <= month).or(first)
    }

    /// The link to a module for a mode.
    #[must_use]
    pub fn link(&self, module: &str, mode: BehaviorMode) -> Option<&Link> {
        self.links.iter().find(|link| link.module == module && link.mode == mode)
    }
}

/// A tenant's twin.
#[must_use]
pub fn twin(tenant: &str) -> Value<Twin> {
    families::TWIN.value(&[tenant])
}

/// Reads a tenant's twin, also a retired one.
///
/// # Errors
/// The store can't be reached.
pub fn find_twin(store: &dyn Store, tenant: &str) -> Result<Option<Rc<Twin>>, StoreError> {
    thread_local!(static TWINS: Memo<Twin> = const { Memo::new(8) });
    twin(tenant).get_memo(store, &TWINS)
}

/// Whose twin it is; of one that was never made, or is just being made, nobody's.
///
/// # Errors
/// The store can't be reached.
pub fn find_owner(store: &dyn Store, id: Mtid) -> Result<Option<String>, StoreError> {
    families::TWIN_ID.value(&[&id.code()]).get(store)
}
