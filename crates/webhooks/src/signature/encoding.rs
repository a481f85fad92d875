//! Bytes as headers and secrets spell them: hex and base64.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE_NO_PAD},
};

use super::SignatureError;

/// How long a SHA-256 and each MAC made of it is, in bytes.
const TAG: usize = 32;

/// Secrets in the wild come with and without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Two digits a byte, in either case.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some((digit(*high)? << 4) | digit(*low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}

/// With or without padding.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    LENIENT.decode(text).ok()
}

/// The parts of a JWT (RFC 7515): never padded.
pub(super) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// The one MAC of a header. What can't be one is told apart from one that doesn't match.
pub(super) fn tag(decoded: Option<Vec<u8>>) -> Result<Vec<u8>, SignatureError> {
    decoded.filter(|bytes| bytes.len() == TAG).ok_or(SignatureError::Malformed)
}
