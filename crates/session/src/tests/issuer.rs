//! Signing keys of an imaginary issuer, made for these tests with openssl, and tokens signed with them.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value as Json, json};

const RSA_PKCS1: &str = "MIIEogIBAAKCAQEAn9UB+5IpncFMYtC6JQhE2klIXd2hlTkguWWOWFlgmrJQGrsCldvo1WLsyetoox9Mn86ji6Hsy5iRXeMMtN4dDd2IO2GeprUzJ1lPkjHnik0DCrAK+8NQ2wH2cEClymKtOZqOIDqcuMuX+mDbWgEyyzHTOLsYXcKxloeCkednWb3Cw07aMJMUWe/5wyuQbpWvx/iiFxTg6N77y64IOPCcCo1Q48+IcGFUm4LyhOfygMl2SbDgsT0eHmM6yWLd7nlhrOnVtoSOeQvWNPUy6+AR37aDK0fGseGBGVyCklkgyNXQhqR0XavEDOJl9DBU/Epb2PMRmBvj+BEcfKf8hh83MQIDAQABAoIBAAau/RS8gXH/1cZiDQ6kYGCyZMzMCkg3qdcm2IN4RVJit3fOryZ+GifmKZmt9uOvWOBr3ynlHQZMfHOtHWhoy1U7mMlG5T/6Xse789hcrt55JvHo96Scf8KQu/HouiYS50R74oqVeN0/Yj0NlM6YMzwM+tSp+jRdgliVlQ+t2gQGGvB+zYJtrz6ox9Jwh4h+TXJdH4FcR1VOBA+LSPNdScTzcPbB5jZMTlHOpV4Y6Dq+HcRg8iWG4j6YHl+/8HZr40OkKdZeCgESSRNGiJnlWg2f2qsB8oZkdhj1bKr2AQVQEHrSHlf3TAJyb+GSYHi//pVL8mVlJoYfZn/5SjAoITkCgYEA1TnANYLcJ7TrUZU4pRH+QBNwfVc5yv+8zlscYtkaAaLXp0YV1euy2OnPcCrRIwbODHC/cwtH/8NWD1n+qU9RJojzD7KheO+30M2YjOgEhLDmc50FLAqyy3XoVB42fJzo5LbYaThSAZU5khZqyvEy6ozHuOscTmDqLfNuf0vW0T0CgYEAv+U4VCJqrsXN0y0HVTJ6NBd/PBq4gSRHRngOcnMzBf7JVYZ6aZctADzMG3sVzJER1PJU6VSXZj1P3rVIQUrRkpKqdOHxV3njTcsqB6ONdmRk41ZXYraY1A1WCzNiNgHhozF/nahBtToC8OrHW1Md22NhOmC4yM1iwHK7RbLBtQUCgYBStfo3R7G6vVVi6i106svjcyb5l/JVKmrE6VbTiT+rTs20l101BB72QYw0CIfjvGoFLV82czPUpKMnhVNhveDOv+T5O+OjE+oL1xTL49yM1EowosI02VmNzwj2SFn+cKduwPalqjE1Z/tTDdsTKgkELuPyeVEbnkB43qsIOhT0SQKBgE1YJ2cJ5DQDeB1Ixe7aBJVgbyEbqAgtRikqFLCerA8bjazSIh7TFwlEeAQPjU7Bng1Vi1HsjYVg6wNZ0AC5FlVcliW8N9lJQIvHem5PxqHUfzF+SIR6EolNwsOK92fLRFXRip1SBwHzmuHdz3KIwrz9hl/QQkp1NftZgw/pp9e9AoGAGIlf+3trkN3UEVstlYiyYC5n+ZsDoiOCoC5a4niAafVRpMa/GvbflLgnUwbgBL39128xThhcoLl4IIEaTZqvY5VhMywTz56r34oPI+Rj5AkJvo9Dq7aeDhsyrIB76FruAn+J8N8RTYo3FYcjxXAgfntS9dU1+SUNJX+7ZqZXLf4=";
const RSA_N: &str = "n9UB-5IpncFMYtC6JQhE2klIXd2hlTkguWWOWFlgmrJQGrsCldvo1WLsyetoox9Mn86ji6Hsy5iRXeMMtN4dDd2IO2GeprUzJ1lPkjHnik0DCrAK-8NQ2wH2cEClymKtOZqOIDqcuMuX-mDbWgEyyzHTOLsYXcKxloeCkednWb3Cw07aMJMUWe_5wyuQbpWvx_iiFxTg6N77y64IOPCcCo1Q48-IcGFUm4LyhOfygMl2SbDgsT0eHmM6yWLd7nlhrOnVtoSOeQvWNPUy6-AR37aDK0fGseGBGVyCklkgyNXQhqR0XavEDOJl9DBU_Epb2PMRmBvj-BEcfKf8hh83MQ";
const EC_PKCS8: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBTyZ4W7hyjmh2jXNcnBV4IdART12eXG2UpyO46o/i1qhRANCAASO4xiVjo2F2y1egONqLn+KVgXxXqcNVRLADL+Q++kkfGAvALWAqXEasgoBVLHqqV0w6J4JPpL6+E+HRAG50snI";
const EC_X: &str = "juMYlY6NhdstXoDjai5_ilYF8V6nDVUSwAy_kPvpJHw";
const EC_Y: &str = "YC8AtYCpcRqyCgFUseqpXTDongk-kvr4T4dEAbnSycg";
const ED_PKCS8: &str = "MC4CAQAwBQYDK2VwBCIEIB/hj5RwF9SuSPpCIOlJwizrA4Ln91SgA+Yb8009WoUE";
const ED_X: &str = "DpMjOUAxDJ_WC27uT--EMSkwRf6eYcP6hVE_sHPYfs8";

/// The issuer's public keys.
pub fn key_set() -> Json {
    json!({"keys": [
        {"kty": "RSA", "kid": "r", "alg": "RS256", "use": "sig", "n": RSA_N, "e": "AQAB"},
        {"kty": "EC", "kid": "e", "crv": "P-256", "x": EC_X, "y": EC_Y},
        {"kty": "OKP", "kid": "d", "crv": "Ed25519", "x": ED_X},
    ]})
}

/// One of the public keys: `r`, `e` or `d`.
pub fn public_key(kid: &str) -> Json {
    key_set()["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid).unwrap().clone()
}

/// A token with this header and these claims, signed by the key `r`, `e` or `d`.
pub fn sign(signer: &str, header: &Json, claims: &Json) -> String {
    let der = |text: &str| STANDARD.decode(text).unwrap();
    let (algorithm, key) = match signer {
        "r" => (Algorithm::RS256, EncodingKey::from_rsa_der(&der(RSA_PKCS1))),
        "e" => (Algorithm::ES256, EncodingKey::from_ec_der(&der(EC_PKCS8))),
        _ => (Algorithm::EdDSA, EncodingKey::from_ed_der(&der(ED_PKCS8))),
    };
    let part = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = crypto::sign(message.as_bytes(), &key, algorithm).unwrap();
    format!("{message}.{signature}")
}
