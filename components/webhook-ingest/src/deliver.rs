//! One delivery of a vendor: known, verified, read, counted, recorded, in this order. Nothing is stored before it is
//! verified.

use serde::Serialize;
use sha2::{Digest, Sha256};
use shell::{Call, Problem, Reply, offline};
use tenancy::{VendorBinding, find_tenant, vendor_binding};
use webhooks::{
    ingest::{Answer, Bounds, Counted, Delivery, Event, Origin, Room, kept_headers, receive, room},
    signature::{Headers, Scheme, Secrets, SignatureError, Verified, verify, verify_callback},
};

use crate::{
    generic::{self, GENERIC},
    house::House,
    vendors::Signing,
};

/// What a delivery does of others' work, when nobody else does it.
const LAZY: Bounds = Bounds { events: 4, millis: 2_000, lines: 64, slots: 64 };

#[derive(Serialize)]
struct Acknowledged {
    status: &'static str,
}

pub fn deliver(call: &Call, house: &House<'_>, provider: &str, tenant: &str) -> Result<Reply, Problem> {
    let (binding, signing) = known(house, provider, tenant)?;
    let headers: Vec<(&str, &[u8])> = call.headers.iter().map(|(k, v)| (k.as_str(), v.as_bytes())).collect();
    let live = call.query("live");
    let now = house.now();
    let verified = match signing {
        Signing::CallbackToken => {
            let vault = house.vault.as_ref().map_err(Clone::clone)?;
            verify_callback(vault, tenant, provider, live.as_deref(), call.query("token").as_deref())
                .map(|()| Verified { id: None })
        }
        Signing::Signed(scheme) => match secrets(house, provider, tenant, &binding, scheme)? {
            Ok(secrets) => verify(scheme, &secrets, &Headers(&headers), &call.body, now),
            Err(none) => Err(none),
        },
    };
    let verified = verified.map_err(|error| {
        // All that a flood of forgeries leaves behind.
        Counted::Rejected.count(house.store);
        refused(error)
    })?;
    // Not before: a forged one names whom it likes.
    call.is_of(tenant);
    Counted::Verified.count(house.store);
    let headers = kept_headers(&headers);
    let (dedupe_id, event) = read(house, provider, &headers, &call.body, verified);
    let origin = Origin {
        tenant: tenant.to_owned(),
        provider: provider.to_owned(),
        verified_by: signing.name().to_owned(),
        // Only a token makes the parameter more than a claim.
        live: live.filter(|_| signing == Signing::CallbackToken),
    };
    let delivery = Delivery { origin: &origin, dedupe_id: &dedupe_id, headers: &headers, body: &call.body };
    if let Room::None { for_ms } = room(house.store, now, &delivery).map_err(|error| offline(&error))? {
        return Err(too_much(for_ms));
    }
    // An error here is a 503, after which vendors send the event again.
    let answer = receive(house.store, house.books, now, &delivery, &event).map_err(|error| offline(&error))?;
    // This event is safe; what can't be done for others now is done later.
    if let Err(error) = house.at_desk(|desk| desk.work_if_neglected(LAZY)) {
        shell::warn!("webhooks_due", error = error);
    }
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
        GENERIC => Some(Signing::Signed(generic::scheme(&binding.options).ok_or_else(unknown_scheme)?)),
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
) -> Result<Result<Secrets, SignatureError>, Problem> {
    let own = binding.sealed_webhook_secret.as_deref().map(|sealed| ("webhook", sealed));
    // LiveKit signs its reports with the pair that the gate signs its own tokens with: there needn't be another secret.
    let shared =
        binding.sealed_secret.as_deref().filter(|_| scheme == Scheme::LiveKit).map(|sealed| ("secret", sealed));
    let Some((kind, sealed)) = own.or(shared) else { return Ok(Err(SignatureError::NoSecret)) };
    let vault = house.vault.as_ref().map_err(Clone::clone)?;
    let opened = vault.open(&format!("vendor/{tenant}/{provider}/{kind}"), sealed).map_err(|error| {
        shell::warn!("webhook_secret", tenant = tenant, provider = provider, error = error);
        Problem::offline()
    })?;
    Ok(Secrets::parse(opened.expose()))
}

/// What makes a repeat the same event, and what the event means, by the adapter of `provider`. What no adapter can read is
/// kept too, as a dead letter; a repeat of it is told by its signed id or its body.
fn read(
    house: &House<'_>,
    provider: &str,
    headers: &[(String, String)],
    body: &[u8],
    verified: Verified,
) -> (String, Result<Event, String>) {
    if provider == GENERIC {
        let dedupe_id = generic::dedupe_id(&verified, body).unwrap_or_else(|| body_id(body));
        return (dedupe_id, generic::read(body));
    }
    match house.vendors.read(provider, headers, body) {
        Ok(reading) => (reading.dedupe_id, Ok(reading.event)),
        Err(unreadable) => (verified.id.unwrap_or_else(|| body_id(body)), Err(unreadable)),
    }
}

fn body_id(body: &[u8]) -> String {
    let hash = Sha256::digest(body);
    hash.iter().fold("body:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

fn refused(error: SignatureError) -> Problem {
    Problem::unauthenticated(error.code(), format!("The webhook is not believed: {error}."))
}

/// Vendors send it again, as they do after a 503.
fn too_much(for_ms: u64) -> Problem {
    let message = "The tenant's webhooks of this hour are as many as are kept.";
    Problem::rate_limited("rate_limited", message, for_ms)
}

fn unknown_scheme() -> Problem {
    Problem::unauthenticated("unknown_scheme", "The binding's option `scheme` is none that the gate knows.")
}
