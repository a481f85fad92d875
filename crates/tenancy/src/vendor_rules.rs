//! Which vendor a tenant may choose for a capability, and what belongs to the choice.

use std::collections::BTreeMap;

use crate::{CAPABILITIES, Invalid, VendorChoice, fields::Object, names};

/// The capability that has answers worth keeping, and worth telling a model of.
const CONTEXT: &str = "context";
/// What only [`CONTEXT`] has.
const OF_CONTEXT: [&str; 2] = ["into_chat", "cache_seconds"];
/// The longest that an answer is kept: a day.
const MAX_CACHE_SECONDS: u64 = 86_400;

pub(crate) fn vendors(vendors: &Object<'_>) -> Result<BTreeMap<String, VendorChoice>, Invalid> {
    vendors.only(&CAPABILITIES)?;
    let mut choices = BTreeMap::new();
    for (capability, value) in vendors.entries() {
        let choice = Object::at(&vendors.param(capability), value)?;
        choices.insert(capability.to_owned(), vendor_choice(capability, &choice)?);
    }
    Ok(choices)
}

fn vendor_choice(capability: &str, choice: &Object<'_>) -> Result<VendorChoice, Invalid> {
    choice.only(&["provider", "model", "into_chat", "cache_seconds"])?;
    if let Some(name) = OF_CONTEXT.iter().find(|name| capability != CONTEXT && choice.get(name).is_some()) {
        return Err(choice.fault(name, "is for context alone"));
    }
    let provider = choice.text("provider", 1, 40)?.ok_or_else(|| choice.fault("provider", "is required"))?;
    Ok(VendorChoice {
        provider: names::vendor(&choice.param("provider"), provider)?,
        model: choice.text("model", 1, 200)?.map(str::to_owned),
        into_chat: choice.line("into_chat", 1, 200)?.map(str::to_owned),
        cache_seconds: choice.integer("cache_seconds", 1, MAX_CACHE_SECONDS)?,
    })
}
