//! What the scan passes over, each with its reason: a list that people keep.

use globset::{Glob, GlobMatcher};
use serde::Deserialize;

/// See the module's description.
#[derive(Debug, Clone, Default)]
pub struct Allow(Vec<Rule>);

#[derive(Debug, Clone)]
struct Rule {
    path: GlobMatcher,
    code: Option<String>,
    contains: Option<String>,
}

/// Why a list can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowError(pub String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    allow: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    path: String,
    code: Option<String>,
    contains: Option<String>,
    reason: String,
}

impl Allow {
    /// Reads `{"allow": [{"path": "tests/**", "code": "...", "contains": "...", "reason": "..."}]}`; code and contains may be
    /// left out, the reason may not.
    pub fn parse(text: &str) -> Result<Self, AllowError> {
        let file: File = serde_json::from_str(text).map_err(|error| AllowError(error.to_string()))?;
        let rules = file.allow.into_iter().map(|entry| {
            if entry.reason.trim().len() < 10 {
                return Err(AllowError(format!("`{}`: the reason must be a sentence", entry.path)));
            }
            let path = Glob::new(&entry.path).map_err(|error| AllowError(error.to_string()))?.compile_matcher();
            Ok(Rule { path, code: entry.code, contains: entry.contains })
        });
        rules.collect::<Result<_, _>>().map(Self)
    }

    /// Whether a find may stay.
    #[must_use]
    pub fn passes(&self, path: &str, code: &str, secret: &str) -> bool {
        self.0.iter().any(|rule| {
            rule.path.is_match(path)
                && rule.code.as_deref().is_none_or(|wanted| wanted == code)
                && rule.contains.as_deref().is_none_or(|part| secret.contains(part))
        })
    }
}
