//! The protocol's versions, by the dates they go by.

use serde_json::{Value as Json, json};
use shell::Call;

use super::rpc::{Fault, INVALID_REQUEST};

/// A client tells it with every request once the two have agreed.
pub const HEADER: &str = "mcp-protocol-version";
/// The error of a version that isn't spoken here.
const UNSUPPORTED: i32 = -32_022;

/// A version, the later the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// The first.
    V2024_11_05,
    /// Batches, what tools are like.
    V2025_03_26,
    /// No more batches; titles, structured answers.
    V2025_06_18,
    /// The last that begins with `initialize`.
    V2025_11_25,
    /// No beginning: each request stands by itself.
    V2026_07_28,
}

impl Version {
    /// All there are, the earliest first.
    pub const ALL: [Self; 5] =
        [Self::V2024_11_05, Self::V2025_03_26, Self::V2025_06_18, Self::V2025_11_25, Self::V2026_07_28];
    /// The latest that can be agreed on.
    const LATEST: Self = Self::V2025_11_25;
    /// Of a request that doesn't say: this one had no header yet.
    const SILENT: Self = Self::V2025_03_26;

    pub fn name(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.name() == name)
    }

    /// The one to go by with a client that asks for `name`: that one, else the latest, which the client may refuse.
    pub fn negotiated(name: &str) -> Self {
        Self::named(name).unwrap_or(Self::LATEST).min(Self::LATEST)
    }

    /// The one that a request says it goes by.
    pub fn of(call: &Call) -> Result<Self, Fault> {
        if !call.headers.contains_key(HEADER) {
            return Ok(Self::SILENT);
        }
        let Some(name) = call.header(HEADER) else {
            return Err(Fault::new(INVALID_REQUEST, "`MCP-Protocol-Version` must be there once."));
        };
        Self::named(name).ok_or_else(|| unsupported(name))
    }
}

fn unsupported(name: &str) -> Fault {
    let asked: String = name.chars().take(32).collect();
    let data: Json = json!({ "supported": Version::ALL.map(Version::name), "requested": asked });
    Fault { data: Some(data), ..Fault::new(UNSUPPORTED, "This protocol version is not supported.") }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_version_is_the_clients_where_it_is_known() {
        let check = |asked: &str, expected: &str| assert_eq!(Version::negotiated(asked).name(), expected);
        for known in Version::ALL {
            check(known.name(), known.min(Version::LATEST).name());
        }
        for unknown in ["", "1.0", "2024-10-07", "2027-01-01"] {
            check(unknown, "2025-11-25");
        }
        assert!(Version::ALL.is_sorted());
    }

    #[test]
    fn a_request_says_which_version_it_goes_by() {
        let check = |headers: &[&str], expected: Result<&str, i32>| {
            let mut call = Call::of_gate("/v1/mcp", "", "req_1");
            for value in headers {
                call.headers.append(HEADER, HeaderValue::from_str(value).unwrap());
            }
            let found = Version::of(&call).map(Version::name).map_err(|fault| fault.code);
            assert_eq!(found, expected, "{headers:?}");
        };
        check(&[], Ok("2025-03-26"));
        check(&["2025-06-18"], Ok("2025-06-18"));
        check(&["2026-07-28"], Ok("2026-07-28"));
        check(&["2027-01-01"], Err(UNSUPPORTED));
        check(&["x"], Err(UNSUPPORTED));
        check(&["2025-06-18", "2025-06-18"], Err(INVALID_REQUEST));
    }
}
