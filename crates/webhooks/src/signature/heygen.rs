//! HeyGen: `Heygen-Signature` is the hex HMAC-SHA256 of the raw body, under the secret as it is (`whsec_` included).
//! Endpoints of the older kind send the same in `Signature`, and no time.
//!
//! `Heygen-Timestamp` is outside the MAC. It is checked all the same, against late retries and careless replays, but
//! only deduplication stops somebody who writes a fresh one. `Heygen-Event-Id` is outside too: it is no id here.

use calendar::Millis;

use super::{
    Headers, Secrets, SignatureError, Verified,
    encoding::{from_hex, tag},
    secrets::any_matches,
    time::{SKEW, seconds, within},
};

pub(super) fn verify(
    secrets: &Secrets,
    headers: &Headers<'_>,
    body: &[u8],
    now: Millis,
) -> Result<Verified, SignatureError> {
    // Falling back to the older form gives nothing away: the time that it lacks isn't signed in the newer one either.
    let older = !headers.have("heygen-signature") && headers.have("signature");
    let signature = headers.one(if older { "signature" } else { "heygen-signature" })?;
    let tag = tag(from_hex(signature))?;
    if !older {
        within(now, seconds(headers.one("heygen-timestamp")?)?, SKEW, SKEW)?;
    }
    if any_matches(&secrets.as_bytes(), &[body], &[tag]) {
        Ok(Verified { id: None })
    } else {
        Err(SignatureError::BadSignature)
    }
}
