//! What ElevenLabs' header may look like.

use calendar::Millis;
use webhooks::signature::{Headers, Scheme, Secrets, SignatureError, verify};

#[test]
fn elevenlabs_headers_are_read_strictly() {
    let check = |value: &str, error: SignatureError| {
        let headers = [("elevenlabs-signature", value.as_bytes())];
        let secrets = Secrets::parse("test_secret").unwrap();
        let body = br#"{"event_type": "speech.completed", "id": "123456"}"#;
        let found = verify(Scheme::ElevenLabs, &secrets, &Headers(&headers), body, Millis(1_600_000_000_000));
        assert_eq!(found.unwrap_err(), error, "{value}");
    };
    let good = "f8a0d1dc33ee963cb54d2f31514555995e93313c9d2042c030adbb82b87fae13";
    check("", SignatureError::Malformed);
    check("t=1600000000", SignatureError::Malformed);
    check(&format!("v0={good}"), SignatureError::Malformed);
    check(&format!("t=1600000000,t=1600000000,v0={good}"), SignatureError::Malformed);
    check(&format!("t=,v0={good}"), SignatureError::Malformed);
    check(&format!("t=1600000000.5,v0={good}"), SignatureError::Malformed);
    check(&format!("t=1600000000,v1={good}"), SignatureError::Malformed);
    check("t=1600000000,v0=", SignatureError::BadSignature);
    check(&format!("t=1600000000,v0={}", &good[..32]), SignatureError::BadSignature);
    check(&format!("t=1600000301,v0={good}"), SignatureError::Stale);
    check(&format!("t=1599998199,v0={good}"), SignatureError::Stale);
    check(&format!("t=1600000001,v0={good}"), SignatureError::BadSignature);
}
