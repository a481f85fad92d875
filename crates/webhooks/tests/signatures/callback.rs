//! Tokens in callback addresses.

use vault::Vault;
use webhooks::signature::{SignatureError, verify_callback};

#[test]
fn a_callback_token_is_good_for_one_live_session() {
    let vault = Vault::new("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let token = vault.token("callback/demo/tavus/lv_1");
    let check = |tenant: &str, provider: &str, live: Option<&str>, token: Option<&str>, want| {
        assert_eq!(
            verify_callback(&vault, tenant, provider, live, token),
            want,
            "{tenant} {provider} {live:?} {token:?}"
        );
    };
    check("demo", "tavus", Some("lv_1"), Some(&token), Ok(()));
    check("demo", "tavus", Some("lv_2"), Some(&token), Err(SignatureError::BadSignature));
    check("other", "tavus", Some("lv_1"), Some(&token), Err(SignatureError::BadSignature));
    check("demo", "heygen", Some("lv_1"), Some(&token), Err(SignatureError::BadSignature));
    check("demo", "tavus", None, Some(&token), Err(SignatureError::MissingHeader));
    check("demo", "tavus", Some("lv_1"), None, Err(SignatureError::MissingHeader));
    check("demo", "tavus", Some(""), Some(&token), Err(SignatureError::Malformed));
    check("demo", "tavus", Some("lv_1"), Some(""), Err(SignatureError::Malformed));
    check("demo", "tavus", Some("lv_1"), Some(&token[..63]), Err(SignatureError::Malformed));
    check("demo", "tavus", Some("lv/1"), Some(&token), Err(SignatureError::Malformed));
    check("demo", "tavus", Some("lv_é"), Some(&token), Err(SignatureError::Malformed));
    check("demo", "tavus", Some(&"x".repeat(129)), Some(&token), Err(SignatureError::Malformed));
}
