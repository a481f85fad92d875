//! A path as its pattern: the words that the interface is made of stay, everything else is `{id}`.
//!
//! No list of routes is needed, and nothing that a caller made up can be in a line: not an id, and not a key that somebody
//! put where it doesn't belong.

/// The words, in order.
const WORDS: [&str; 88] = [
    "api",
    "approvals",
    "audit",
    "callback",
    "cancel",
    "certificates",
    "chat",
    "checkpoint",
    "checks",
    "companies",
    "completions",
    "compliance",
    "consents",
    "console",
    "context",
    "continue",
    "corrections",
    "create",
    "days",
    "dead-letters",
    "deploy",
    "economy",
    "entries",
    "erasures",
    "events",
    "exports",
    "favicon.ico",
    "generic",
    "health",
    "interrupt",
    "invoices",
    "jobs",
    "key",
    "keys",
    "licence",
    "link",
    "links",
    "list",
    "live",
    "log",
    "maintenance",
    "mcp",
    "mesh",
    "messages",
    "metatwin",
    "metrics",
    "models",
    "notes",
    "openapi.json",
    "operations",
    "pages",
    "preflight",
    "prices",
    "privacy",
    "projects",
    "proof",
    "realtime",
    "redeliver",
    "register",
    "registry",
    "replay",
    "resolve",
    "router",
    "royalties",
    "runs",
    "sessions",
    "settle",
    "site",
    "site.json",
    "snapshot",
    "snapshots",
    "speech",
    "telegram",
    "tenants",
    "test",
    "ticks",
    "tile",
    "tokens",
    "tollgate.js",
    "train",
    "trial",
    "twins",
    "usage",
    "v1",
    "vendors",
    "video",
    "webhooks",
    "widget",
];

/// Pages whose words would be ids elsewhere: a tenant may well be called `demo`.
const PAGES: [&str; 3] = ["/console", "/demo/portal", "/demo/shop"];

/// Deeper paths than any of ours are cut.
const MAX_SEGMENTS: usize = 8;

/// The pattern, such as `/v1/sessions/{id}/ticks`.
#[must_use]
pub fn pattern(path: &str) -> String {
    if PAGES.contains(&path) {
        return path.to_owned();
    }
    let segments = path.trim_matches('/').split('/').take(MAX_SEGMENTS);
    let words = segments.map(|segment| match segment {
        "" => "",
        word if WORDS.binary_search(&word).is_ok() => word,
        _ => "{id}",
    });
    words.fold(String::new(), |text, word| text + "/" + word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_1_only_words_of_the_interface_are_shown() {
        let check = |path: &str, expected: &str| assert_eq!(pattern(path), expected, "{path}");
        check("/", "/");
        check("", "/");
        check("/health", "/health");
        check("/v1/chat/completions", "/v1/chat/completions");
        check("/v1/chat/completions/", "/v1/chat/completions");
        check("/v1/sessions/ses_01KAJ/ticks", "/v1/sessions/{id}/ticks");
        check("/v1/tenants/demo/keys/key_1", "/v1/tenants/{id}/keys/{id}");
        check("/v1/audit/entries/tg_sk_0000/proof", "/v1/audit/entries/{id}/proof");
        check("/v1/context/soccer/live", "/v1/context/{id}/live");
        check("/demo/shop", "/demo/shop");
        check("/demo/shop/x", "/{id}/{id}/{id}");
        check("/console", "/console");
        check("/wp-login.php", "/{id}");
        check("/%2e%2e/secret\"\n", "/{id}/{id}");
        check(&"/a".repeat(1_000), &"/{id}".repeat(MAX_SEGMENTS));
        check("//", "/");
        check("/v1//x", "/v1//{id}");
    }

    #[test]
    fn ops_1_every_documented_path_has_its_own_pattern() {
        assert!(WORDS.is_sorted());
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../twin-registry/openapi.json");
        let document: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        for path in document["paths"].as_object().unwrap().keys() {
            let segments = path.split('/');
            let sent = segments.clone().map(|word| if word.starts_with('{') { "x7" } else { word }).collect::<Vec<_>>();
            let expected = segments.map(|word| if word.starts_with('{') { "{id}" } else { word }).collect::<Vec<_>>();
            assert_eq!(pattern(&sent.join("/")), expected.join("/"), "is a word missing from WORDS?");
        }
    }
}
