//! Personal data is masked before a chat request leaves for an external model, and restored in the answer.
//!
//! ```
//! use masking::{Kinds, Masker};
//!
//! let mut masker = Masker::new(Kinds::ALL);
//! let sent = masker.mask_chat(br#"{"messages":[{"role":"user","content":"Write to bob@example.com"}]}"#)?;
//! assert_eq!(sent, br#"{"messages":[{"role":"user","content":"Write to [EMAIL_1]"}]}"#);
//! let restorer = masker.into_restorer();
//! assert_eq!(restorer.restore_text("Dear [EMAIL_1]"), "Dear bob@example.com");
//! # Ok::<(), masking::TooManyValues>(())
//! ```
//!
//! # What is recognised
//! E-mail addresses; phone numbers, international and national, by shape (table in `find/phone.rs`); payment cards
//! (issuer range, length, Luhn); identity numbers: SSN and ITIN (United States), NINO (United Kingdom), Steuer-ID
//! (Germany), DNI and NIE (Spain), NIR (France), codice fiscale (Italy), BSN (Netherlands), Aadhaar (India), and IBAN,
//! which counts as a `national_id`. Wherever the number has check digits, they are checked. Each file under `find/`
//! states its rule and its source.
//!
//! # What is not
//! Names, postal addresses, dates of birth, passports, and other states' numbers; anything in pictures, sound and files;
//! digits that are not ASCII, and values spelled out or encoded (`bob at example dot com`, `%40`, base64); a value cut
//! over two messages or parts. Local digits without any separator are a phone number only after a word like `tel`;
//! an SSN without separators only after `SSN`. When in doubt, more is masked: what the model only repeats comes back.
//!
//! # Placeholders
//! The same text is the same placeholder within one call (`Bob@example.com` and `bob@example.com` are two: each comes
//! back as it was written). Numbers that the request's own text already uses (`[EMAIL_1]`) are not given out, so a
//! placeholder that we did not make is never restored. In the answer, upper and lower case count as the same; the
//! brackets are needed. In the arguments of a tool call in the request, a JSON number that is masked becomes a string.
//!
//! # Limits
//! The time is proportional to the length of the text, whatever the text is. A stream holds one event of at most 1 MiB
//! and, for each of at most 256 texts, 19 bytes. There is no clock and no I/O here.

mod checksum;
mod chunk;
mod find;
mod json;
mod kind;
mod mask;
mod placeholders;
mod redact;
mod restore;
mod sse;
mod stream;
#[cfg(test)]
mod tests;

pub use kind::{Kind, Kinds, UnknownKind};
pub use mask::Masker;
pub use placeholders::TooManyValues;
pub use redact::redact_text;
pub use restore::Restorer;
pub use stream::StreamRestorer;
