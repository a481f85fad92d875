//! For vendors that sign nothing: the callback address itself carries a token that only this gate can make, for one
//! live session of one tenant.

use vault::Vault;

use super::SignatureError;

/// Verifies the `token` of a callback about the live session `live`. Both are query parameters of the address.
///
/// # Errors
/// [`SignatureError`]
pub fn verify(
    vault: &Vault,
    tenant: &str,
    provider: &str,
    live: Option<&str>,
    token: Option<&str>,
) -> Result<(), SignatureError> {
    let (Some(live), Some(token)) = (live, token) else {
        return Err(SignatureError::MissingHeader);
    };
    let plain =
        (1..=128).contains(&live.len()) && live.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    let hex = token.len() == 64 && token.bytes().all(|b| b.is_ascii_hexdigit());
    if !plain || !hex {
        return Err(SignatureError::Malformed);
    }
    // Neither tenant nor provider can hold a slash (they come from path segments), so the purpose is unambiguous.
    if vault.token_matches(&format!("callback/{tenant}/{provider}/{live}"), token) {
        Ok(())
    } else {
        Err(SignatureError::BadSignature)
    }
}
