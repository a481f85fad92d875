//! The gate's own scheme.

use calendar::Millis;
use webhooks::signature::{Headers, Scheme, Secrets, SignatureError, verify};

const NOW: u64 = 1_795_165_200;
const BODY: &[u8] = br#"{"event":"done"}"#;
/// Computed with another implementation (Python's hmac module): secret `generic-secret`.
const SIGNATURE: &str = "3e27df862846b2c2c6eaad7fc6f9afd00079b3d714426800c1b34c691ec967f4";
const OF_EMPTY_BODY: &str = "568fc85f240cc983fa6ab04844f6338c96c6eb2491c385c5476dcac665dfa5ab";

type Pairs<'a> = Vec<(&'a str, &'a [u8])>;

fn signed<'a>(signature: &'a str, id: &'a str, timestamp: &'a str) -> Pairs<'a> {
    vec![("X-Signature", signature.as_bytes()), ("x-request-id", id.as_bytes()), ("X-TIMESTAMP", timestamp.as_bytes())]
}

fn generic(secret: &str, headers: &Pairs<'_>, body: &[u8], now: u64) -> Result<Option<String>, SignatureError> {
    let secrets = Secrets::parse(secret)?;
    verify(Scheme::Generic, &secrets, &Headers(headers), body, Millis(now * 1_000)).map(|verified| verified.id)
}

#[test]
fn the_generic_scheme_takes_what_is_signed() {
    let check = |secret: &str, signature: &str, body: &[u8], now: u64| {
        let found = generic(secret, &signed(signature, "req-1", "1795165200"), body, now);
        assert_eq!(found, Ok(Some("req-1".into())), "{secret} {now}");
    };
    check("generic-secret", SIGNATURE, BODY, NOW);
    check("generic-secret", &SIGNATURE.to_uppercase(), BODY, NOW);
    check("generic-secret", OF_EMPTY_BODY, b"", NOW);
    check("generic-secret", SIGNATURE, BODY, NOW + 300);
    check("generic-secret", SIGNATURE, BODY, NOW - 300);
    // While a secret is being changed both are good.
    check("new-secret\ngeneric-secret", SIGNATURE, BODY, NOW);
    check(" generic-secret \r\n\nold-secret\n", SIGNATURE, BODY, NOW);
}

#[test]
fn the_generic_scheme_refuses_everything_else() {
    use SignatureError::{BadSignature, Malformed, MissingHeader, NoSecret, Stale};
    let good = || signed(SIGNATURE, "req-1", "1795165200");
    let check = |name: &str, headers: Pairs<'_>, error: SignatureError| {
        assert_eq!(generic("generic-secret", &headers, BODY, NOW), Err(error), "{name}");
    };
    for missing in 0..3 {
        let mut headers = good();
        headers.remove(missing);
        check("a header missing", headers, MissingHeader);
        let mut headers = good();
        headers.push(headers[missing]);
        check("a header twice", headers, Malformed);
        let mut headers = good();
        headers[missing].1 = b"";
        check("a header empty", headers, Malformed);
        let long = vec![b'1'; 5_000];
        let mut headers = good();
        headers[missing].1 = &long;
        check("a header too long", headers, Malformed);
        let mut headers = good();
        headers[missing].1 = "größe".as_bytes();
        check("a header of other letters", headers, Malformed);
        let mut headers = good();
        headers[missing].1 = b"\xff\xfe";
        check("a header of no letters", headers, Malformed);
    }
    let flipped = SIGNATURE.replace("3e27", "3e28");
    check("one digit wrong", signed(&flipped, "req-1", "1795165200"), BadSignature);
    check("truncated", signed(&SIGNATURE[..62], "req-1", "1795165200"), Malformed);
    check("odd", signed(&SIGNATURE[..63], "req-1", "1795165200"), Malformed);
    check("longer", signed(&format!("{SIGNATURE}00"), "req-1", "1795165200"), Malformed);
    check("not hex", signed(&SIGNATURE.replace('3', "g"), "req-1", "1795165200"), Malformed);
    check("with a sign", signed(&SIGNATURE.replace("3e", "+e"), "req-1", "1795165200"), Malformed);
    check("prefixed", signed(&format!("sha256={SIGNATURE}"), "req-1", "1795165200"), Malformed);
    check("other id", signed(SIGNATURE, "req-2", "1795165200"), BadSignature);
    check("dotted id", signed(SIGNATURE, "req.1", "1795165200"), Malformed);
    check("id with a space", signed(SIGNATURE, "req 1", "1795165200"), Malformed);
    check("other time", signed(SIGNATURE, "req-1", "1795165201"), BadSignature);
    for time in ["1795165200.0", "-1795165200", "+1795165200", " 1795165200", "0x6B", "1e9", "1795165200000000"] {
        check("time of another form", signed(SIGNATURE, "req-1", time), Malformed);
    }
    check("too old", signed(SIGNATURE, "req-1", "1795164899"), Stale);
    check("future", signed(SIGNATURE, "req-1", "1795165501"), Stale);
    check("ages ago", signed(SIGNATURE, "req-1", "0"), Stale);
    for (secret, error) in
        [("other", BadSignature), ("", NoSecret), (" \n\n ", NoSecret), ("generic-secret2", BadSignature)]
    {
        assert_eq!(generic(secret, &good(), BODY, NOW), Err(error), "secret {secret:?}");
    }
    for body in [&BODY[1..], b"", br#"{"event":"done"} "#] {
        assert_eq!(generic("generic-secret", &good(), body, NOW), Err(BadSignature));
    }
}

/// A signature over id `a` and body `b.c` must not be good for id `a.b` and body `c`.
#[test]
fn a_signature_cannot_be_moved_to_another_id() {
    use hmac::{Hmac, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"generic-secret").unwrap();
    mac.update(b"1795165200.a.b.c");
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let check = |id: &str, body: &[u8]| generic("generic-secret", &signed(&hex, id, "1795165200"), body, NOW);
    assert_eq!(check("a", b"b.c"), Ok(Some("a".into())));
    assert_eq!(check("a.b", b"c"), Err(SignatureError::Malformed));
}
