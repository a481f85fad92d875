//! The signature of a delivery: Standard Webhooks, `v1`.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// `webhook-signature` for these secrets (`whsec_...`), each signing; what is no secret signs nothing.
#[must_use]
pub fn signatures(secrets: &[&str], id: &str, timestamp: &str, body: &[u8]) -> String {
    let signed = secrets.iter().filter_map(|secret| {
        let key = STANDARD.decode(secret.strip_prefix(tenancy::SECRET_PREFIX)?).ok()?;
        let mac = <Hmac<Sha256> as Mac>::new_from_slice(&key).ok()?;
        let mac = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body]
            .iter()
            .fold(mac, |mac, part| mac.chain_update(part));
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    });
    signed.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification (Svix, and the tests of the reference implementations).
    #[test]
    fn signatures_are_those_of_the_specification() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let (id, at, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let check = |secrets: &[&str], header: String| assert_eq!(signatures(secrets, id, at, body), header);
        check(&[secret], expected.into());
        check(&[secret, "whsec_!!", "no secret"], expected.into());
        check(&[], String::new());
        let other = signatures(&["whsec_AAAA"], id, at, body);
        check(&["whsec_AAAA", secret], format!("{other} {expected}"));
    }
}
