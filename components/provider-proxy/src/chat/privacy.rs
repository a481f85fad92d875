//! Personal data stays here: masked before a request leaves, put back into its answer.

use std::borrow::Cow;

use masking::{Kind, Kinds, Masker, StreamRestorer};
use shell::Problem;
use tenancy::{PersonalData, Tenant};

pub use masking::Restorer;

/// A request that may leave.
pub struct Masked<'a> {
    pub body: Cow<'a, [u8]>,
    /// Puts back what was masked; `None` where the tenant wants nothing masked.
    pub restorer: Option<Restorer>,
}

/// Masks what the tenant wants masked.
pub fn mask<'a>(tenant: &Tenant, body: &'a [u8]) -> Result<Masked<'a>, Problem> {
    let kinds = kinds(tenant);
    if kinds.is_empty() {
        return Ok(Masked { body: body.into(), restorer: None });
    }
    let mut masker = Masker::new(kinds);
    let masked = masker.mask_chat(body).map_err(|error| Problem::invalid("messages", error.to_string()))?;
    Ok(Masked { body: masked.into(), restorer: Some(masker.into_restorer()) })
}

fn kinds(tenant: &Tenant) -> Kinds {
    let kind = |data: &PersonalData| match data {
        PersonalData::Email => Kind::Email,
        PersonalData::Phone => Kind::Phone,
        PersonalData::Card => Kind::Card,
        PersonalData::NationalId => Kind::NationalId,
    };
    tenant.privacy.mask.iter().map(kind).collect()
}

/// A whole answer with everything put back.
pub fn restore(restorer: Option<Restorer>, body: Vec<u8>) -> Vec<u8> {
    match restorer {
        Some(restorer) => restorer.json(&body),
        None => body,
    }
}

/// The same for an answer that comes in pieces.
pub struct Restored(Option<StreamRestorer>);

impl Restored {
    pub fn streamed(restorer: Option<Restorer>) -> Self {
        Self(restorer.map(Restorer::into_stream))
    }

    pub fn push(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        match &mut self.0 {
            Some(restorer) => restorer.push(&bytes),
            None => bytes,
        }
    }

    /// The last bytes, and what was held back.
    pub fn end(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        let mut rest = self.push(bytes);
        if let Some(restorer) = &mut self.0 {
            rest.extend(restorer.end());
        }
        rest
    }
}
