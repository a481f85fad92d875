//! Which vendors there are, and where each one's stand-in listens.

/// Every vendor's name, and what its base URL has after `http://HOST/<name>`, as its adapter expects it.
pub const VENDORS: [(&str, &str); 15] = [
    ("openai", "/v1"),
    ("anthropic", ""),
    ("gemini", ""),
    ("deepseek", ""),
    ("elevenlabs", ""),
    ("cartesia", ""),
    ("tavus", ""),
    ("heygen", ""),
    ("livekit", ""),
    ("sportradar", ""),
    ("newsapi", ""),
    ("kie", ""),
    ("shotstack", ""),
    ("upload-post", ""),
    ("telegram", ""),
];

/// The base URL of a vendor's binding, where the mock as a whole is at `mock`.
pub fn base_url(mock: &str, vendor: &str) -> String {
    let version = VENDORS.iter().find(|(name, _)| *name == vendor).map_or("", |(_, version)| version);
    format!("{mock}/{vendor}{version}")
}

pub fn is_known(vendor: &str) -> bool {
    VENDORS.iter().any(|(name, _)| *name == vendor)
}
