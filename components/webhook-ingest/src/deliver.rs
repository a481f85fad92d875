//! One delivery of a vendor: known, verified, read, recorded, in this order. Nothing is stored before it is verified.

use serde::Serialize;
use sha2::{Digest, Sha256};
use shell::{Call, Problem, Reply, offline};
use tenancy::{VendorBinding, find_tenant, vendor_binding};
use webhooks::{
    ingest::{Answer, Delivery, Effect, Event, Origin, kept_headers, receive},
    signature::{Headers, Scheme, Secrets, SignatureError, Verified, verify, verify_callback},
};

use crate::{
    house::House,
    vendors::{GENERIC, Reading, Signing},
};

#[derive(Serialize)]
struct Acknowledged {
    status: &'static str,
}

pub fn deliver(call: &Call, house: &House<'_>, provider: &str, tenant: &str) -> Result<Reply, Problem> {
    let (binding, signing) = known(house, provider, tenant)?;
    let headers: Vec<(&str, &[u8])> = call.headers.iter().map(|(k, v)| (k.as_str(), v.as_bytes())).collect();
    let live = call.query("live");
    let verified = match signing {
        Signing::CallbackToken => {
            let vault = house.vault.as_ref().map_err(Clone::clone)?;
            verify_callback(vault, tenant, provider, live.as_deref(), call.query("token").as_deref())
                .map(|()| Verified { id: None })
                .map_err(refused)?
        }
        Signing::Signed(scheme) => {
            let secrets = secrets(house, provider, tenant, &binding, scheme)?;
            verify(scheme, &secrets, &Headers(&headers), &call.body, house.now).map_err(refused)?
        }
    };
    let headers = kept_headers(&headers);
    let reading = read(house, provider, &headers, &call.body, &verified);
    let dedupe_id = match &reading {
        Ok(reading) => reading.dedupe_id.clone(),
        // What no adapter can read is kept too, as a dead letter; a repeat of it is told by its signed id or its body.
        Err(_) => verified.id.unwrap_or_else(|| body_id(&call.body)),
    };
    let origin = Origin {
        tenant: tenant.to_owned(),
        provider: provider.to_owned(),
        verified_by: signing.name().to_owned(),
        // Only a token makes the parameter more than a claim.
        live: live.filter(|_| signing == Signing::CallbackToken),
    };
    let delivery = Delivery { origin: &origin, dedupe_id: &dedupe_id, headers: &headers, body: &call.body };
    let event = reading.map(|reading| reading.event);
    // An error here is a 503, after which vendors send the event again.
    let answer = receive(house.store, house.now, &delivery, &event).map_err(|error| offline(&error))?;
    let status = match answer {
        Answer::Accepted => "accepted",
        Answer::Duplicate => "duplicate",
    };
    Ok(Reply::json(200, &Acknowledged { status }))
}

/// Whether there is such a tenant, bound to such a vendor, and how that vendor signs.
fn known(house: &House<'_>, provider: &str, tenant: &str) -> Result<(VendorBinding, Signing), Problem> {
    let unknown = || Problem::not_found("There is no such webhook address.");
    let binding = vendor_binding(tenant, provider).get(house.store).map_err(|error| offline(&error))?;
    let binding = binding.ok_or_else(unknown)?;
    find_tenant(house.store, tenant).map_err(|error| offline(&error))?.ok_or_else(unknown)?;
    let signing = match provider {
        GENERIC => Some(Signing::Signed(Scheme::Generic)),
        _ => house.vendors.signing(provider),
    };
    Ok((binding, signing.ok_or_else(unknown)?))
}

fn secrets(
    house: &House<'_>,
    provider: &str,
    tenant: &str,
    binding: &VendorBinding,
    scheme: Scheme,
) -> Result<Secrets, Problem> {
    let own = binding.sealed_webhook_secret.as_deref().map(|sealed| ("webhook", sealed));
    // LiveKit signs its reports with the pair that the gate signs its own tokens with: there needn't be another secret.
    let shared =
        binding.sealed_secret.as_deref().filter(|_| scheme == Scheme::LiveKit).map(|sealed| ("secret", sealed));
    let (kind, sealed) = own.or(shared).ok_or_else(|| refused(SignatureError::NoSecret))?;
    let vault = house.vault.as_ref().map_err(Clone::clone)?;
    let opened = vault.open(&format!("vendor/{tenant}/{provider}/{kind}"), sealed).map_err(|error| {
        eprintln!("webhook secret of {tenant} for {provider}: {error}");
        Problem::offline()
    })?;
    Secrets::parse(opened.expose()).map_err(refused)
}

/// What the event means, by the adapter of `provider`. Events of [`GENERIC`] are kept and mean nothing to the gate.
pub fn read(
    house: &House<'_>,
    provider: &str,
    headers: &[(String, String)],
    body: &[u8],
    verified: &Verified,
) -> Result<Reading, String> {
    if provider == GENERIC {
        let dedupe_id = verified.id.clone().unwrap_or_default();
        return Ok(Reading { dedupe_id, event: Event { name: GENERIC.into(), effect: Effect::None } });
    }
    house.vendors.read(provider, headers, body)
}

fn body_id(body: &[u8]) -> String {
    let hash = Sha256::digest(body);
    hash.iter().fold("body:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

fn refused(error: SignatureError) -> Problem {
    Problem::unauthenticated(error.code(), format!("The webhook is not believed: {error}."))
}
