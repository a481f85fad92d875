//! Stripe: `Stripe-Signature: t=<seconds>,v1=<hex>`, the HMAC-SHA256 of `{t}.` and the raw body. The key is the whole
//! secret, `whsec_` included. While a secret is being rolled there are several `v1`; `v0` is a decoy.
//!
//! Stripe's libraries disagree on times ahead of the clock; the gate refuses them beyond the usual skew.

use calendar::Millis;

use super::{
    Headers, Secrets, SignatureError, Verified,
    body_id::event_id,
    secrets::any_matches,
    time::{SKEW, seconds, within},
    timed_tags::TimedTags,
};

pub(super) fn verify(
    secrets: &Secrets,
    headers: &Headers<'_>,
    body: &[u8],
    now: Millis,
) -> Result<Verified, SignatureError> {
    let signed = TimedTags::parse(headers.one("stripe-signature")?, "v1")?;
    let time = seconds(signed.timestamp)?;
    within(now, time, SKEW, SKEW)?;
    // Signed as a number, not as it was written: so do Stripe's libraries.
    if !any_matches(&secrets.as_bytes(), &[time.to_string().as_bytes(), b".", body], &signed.decoded()) {
        return Err(SignatureError::BadSignature);
    }
    Ok(Verified { id: event_id(body) })
}
