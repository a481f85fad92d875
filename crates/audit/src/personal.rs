//! Personal data of an entry: kept beside the log and removable, while the log keeps its salted digest.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Entry, hex};

/// Bytes of a salt.
pub const SALT_BYTES: usize = 16;

/// What an entry's digest `personal` is over: by these ids an interaction can be traced to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal {
    /// [`SALT_BYTES`] random bytes in hex: once they are gone, the digest says nothing any more.
    pub salt: String,
    /// The page's session, if one paid.
    pub session_id: Option<String>,
    /// The request that caused it; empty where none did.
    pub request_id: String,
}

#[derive(Serialize)]
struct Payload<'a> {
    session_id: Option<&'a str>,
    request_id: &'a str,
}

impl Personal {
    /// The digest in hex: SHA-256 over the salt's bytes and `{"session_id":...,"request_id":...}` without spaces.
    #[must_use]
    pub fn digest(&self) -> String {
        let payload = Payload { session_id: self.session_id.as_deref(), request_id: &self.request_id };
        // Can't fail: strings and an option.
        let payload = serde_json::to_vec(&payload).unwrap_or_default();
        let digest: [u8; 32] =
            Sha256::new().chain_update(hex::decode(&self.salt)).chain_update(payload).finalize().into();
        hex::encode(&digest)
    }
}

/// An entry on its way into the log, with its personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staged {
    /// What the log will commit to.
    #[serde(flatten)]
    pub entry: Entry,
    /// What is kept apart from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<Personal>,
}

impl Staged {
    /// Salts an entry and commits it to the ids it came from. The salts are fresh random bytes, one for each.
    #[must_use]
    pub fn new(entry: Entry, salts: [[u8; SALT_BYTES]; 2], session_id: Option<String>, request_id: String) -> Self {
        let [own, apart] = salts.map(|salt| hex::encode(&salt));
        let is_personal = session_id.is_some() || !request_id.is_empty();
        let opening = is_personal.then_some(Personal { salt: apart, session_id, request_id });
        let personal = opening.as_ref().map(Personal::digest);
        Self { entry: Entry { salt: own, personal, ..entry }, opening }
    }
}

impl From<Entry> for Staged {
    /// Without personal data.
    fn from(entry: Entry) -> Self {
        Self { entry, opening: None }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn the_digest_is_that_of_another_program() {
        // printf '%b' '\x01...(16 times)' '{"session_id":...}' | sha256sum
        let check = |session_id: Option<&str>, digest: &str| {
            let session_id = session_id.map(str::to_owned);
            let personal = Personal { salt: "01".repeat(16), session_id, request_id: "req_1".into() };
            assert_eq!(personal.digest(), digest);
        };
        check(None, "ecd4add39e895d018029ef3077ad7f7579cbdd3b32c032175f487d6dbfc79d85");
        check(Some("ses_1"), "35897c56fa4a327fc39212f5624a751f1ce9582cce95c143d6e82e7d17119fc2");
    }

    #[test]
    fn a_staged_entry_is_read_as_it_was_written() {
        let check = |session: Option<&str>, request: &str, personal: bool| {
            let entry = Entry { v: 2, limit_check_id: "lc_1".into(), ..Entry::default() };
            let staged = Staged::new(entry, [[7; 16], [8; 16]], session.map(str::to_owned), request.into());
            assert_eq!(staged.entry.salt, "07".repeat(16));
            assert_eq!((staged.opening.is_some(), staged.entry.personal.is_some()), (personal, personal));
            let read: Staged = serde_json::from_slice(&serde_json::to_vec(&staged).unwrap()).unwrap();
            assert_eq!(read, staged);
        };
        check(Some("ses_1"), "req_1", true);
        check(None, "req_1", true);
        check(None, "", false);
    }
}
