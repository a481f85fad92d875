//! The tables of the page.

use std::fmt::Write;

use adapter::{Adapter, Capability, Credential, Price, Profile, SignatureScheme};

use crate::{all, amounts, hosts};

/// Capabilities, models, units, steps, and the form of an answer.
pub fn what_they_do() -> String {
    let mut table = "| vendor | does | models, the default first | billed by | a live session is billed by | answers \
                     |\n|---|---|---|---|---|---|\n"
        .to_owned();
    for adapter in all() {
        let profile = adapter.profile();
        let does = join(profile.capabilities.iter().map(|capability| name(*capability).to_owned()));
        let models = join(profile.models.iter().map(|model| format!("`{model}`")));
        let step = match (is_live(&profile), profile.live_step_seconds) {
            (false, _) => String::new(),
            (true, 1) => "the second".to_owned(),
            (true, seconds) => format!("{seconds} s begun"),
        };
        let answers = join(profile.capabilities.iter().map(|capability| answers(*capability).to_owned()));
        let (vendor, units) = (profile.vendor, units(*adapter));
        writeln!(table, "| [{vendor}](#{vendor}) | {does} | {models} | {units} | {step} | {answers} |").unwrap();
    }
    table
}

/// Address, hosts, and who proves what to whom.
pub fn how_they_are_reached() -> String {
    let mut table = "| vendor | address unless the binding names another | hosts that are granted | the key goes into \
                     | webhooks are proven by |\n|---|---|---|---|---|\n"
        .to_owned();
    for adapter in all() {
        let profile = adapter.profile();
        let address = match profile.base_url {
            "" => "none: the binding names it".to_owned(),
            url => format!("`{url}`"),
        };
        let hosts = join(hosts::of(profile.vendor).into_iter().map(|host| format!("`{host}`")));
        let (vendor, key, proof) = (profile.vendor, key(profile.credential), proof(*adapter));
        writeln!(table, "| {vendor} | {address} | {hosts} | {key} | {proof} |").unwrap();
    }
    table
}

/// Every row, with where and when it was read.
pub fn list_prices() -> String {
    let mut table = "| vendor | model | unit | USD per unit | that is | holds | standing | read on | source \
                     |\n|---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for adapter in all() {
        let vendor = adapter.profile().vendor;
        for price in adapter.prices() {
            let Price { model, unit, usd_per_unit, as_of, source, .. } = *price;
            let (unit_type, readable) = (unit.as_str(), amounts::readable(unit, usd_per_unit));
            let model = if model == "*" { "all".to_owned() } else { format!("`{model}`") };
            let (holds, standing) = (holds(price), standing(source));
            writeln!(
                table,
                "| {vendor} | {model} | {unit_type} | {usd_per_unit} | {readable} | {holds} | {standing} | {as_of} | \
                 {source} |"
            )
            .unwrap();
        }
    }
    table
}

fn join(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

fn name(capability: Capability) -> &'static str {
    match capability {
        Capability::Chat => "chat",
        Capability::Speech => "speech",
        Capability::Video => "video",
        Capability::Realtime => "rooms",
        Capability::Context => "context",
        Capability::Jobs => "jobs",
        Capability::Messages => "messages",
    }
}

fn answers(capability: Capability) -> &'static str {
    match capability {
        Capability::Chat => "streamed or whole",
        Capability::Speech => "streamed",
        Capability::Video | Capability::Realtime => "between page and vendor",
        Capability::Context => "whole, kept for a while",
        Capability::Jobs => "later, when asked",
        Capability::Messages => "whole",
    }
}

fn is_live(profile: &Profile) -> bool {
    profile.capabilities.iter().any(|one| matches!(one, Capability::Video | Capability::Realtime))
}

fn units(adapter: &dyn Adapter) -> String {
    let mut units: Vec<&str> = Vec::new();
    for unit in adapter.prices().iter().map(|price| price.unit.as_str()) {
        if !units.contains(&unit) {
            units.push(unit);
        }
    }
    units.join(", ")
}

fn key(credential: Credential) -> String {
    match credential {
        Credential::Header { name, prefix } => format!("`{name}: {prefix}<key>`"),
        Credential::Path => "in the path".to_owned(),
        Credential::SignedToken => "nothing: it signs a token (JWT, HS256) for each call".to_owned(),
    }
}

fn proof(adapter: &dyn Adapter) -> &'static str {
    // What the port itself says where an adapter reads none.
    if adapter.webhook(&[], b"").is_err_and(|error| error.ends_with("sends no webhooks")) {
        return "none is read";
    }
    match adapter.profile().signature {
        SignatureScheme::CallbackToken => "a token in the address",
        SignatureScheme::Generic => "the gate's own scheme",
        SignatureScheme::StandardWebhooks => "Standard Webhooks",
        SignatureScheme::ElevenLabs => "`ElevenLabs-Signature`",
        SignatureScheme::LiveKit => "`Authorization` (JWT with the body's hash)",
        SignatureScheme::HeyGen => "`Heygen-Signature`",
        SignatureScheme::Kie => "`X-Webhook-Signature` (not over the body)",
        SignatureScheme::Telegram => "`X-Telegram-Bot-Api-Secret-Token`",
        SignatureScheme::UploadPost => "`X-Upload-Post-Signature`",
    }
}

fn holds(price: &Price) -> String {
    let length = match price.from_input_tokens {
        0 => None,
        tokens => Some(format!("from {tokens} tokens of input")),
    };
    let hours = price.hours_utc.map(|hours| format!("{} UTC", hours.replace(',', ", ")));
    let conditions = join(length.into_iter().chain(hours));
    if conditions.is_empty() { "always".to_owned() } else { conditions }
}

/// What a row's own source says of it.
fn standing(source: &str) -> &'static str {
    if source.contains("placeholder") {
        "placeholder"
    } else if source.contains("unverified") {
        "unverified"
    } else if source.contains("third-party") {
        "third party's"
    } else {
        "vendor's page"
    }
}
