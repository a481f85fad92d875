//! The demo tenant: what it may do, and its vendors at the mock.

use serde_json::{Value, json};

/// The tenant as it is created: its own page may come from these origins.
pub fn tenant(origins: &[String]) -> Value {
    json!({
        "id": "demo",
        "company": "acme",
        "display_name": "Demo",
        "allowed_origins": origins,
        "channels": ["portal", "widget", "landing"],
        "capabilities": ["chat", "speech", "video", "context", "jobs"],
        "end_user_auth": null,
        "minimum_age": null,
        "consent_required": true,
        "limits": {
            "monthly_cost_usd": "25.00",
            "daily_units": {"seconds": 3600},
            "burst": 50,
            "queue_wait_ms": 0,
            "requests_per_minute": 600,
            "request_burst": 100,
        },
        "ladder": {"throttle_at": 0.8, "text_only_at": 0.95},
        "fallback_message": "I am sleeping now",
        "vendors": {
            "chat": {"provider": "openai", "model": "gpt-5.4-mini"},
            "speech": {"provider": "elevenlabs"},
            "video": {"provider": "tavus"},
            "context": {"provider": "newsapi"},
            "jobs": {"provider": "kie"},
        },
        "routes": {"auto": {
            "pick": "score",
            "rungs": [
                {"provider": "openai", "model": "gpt-5.4-mini"},
                {"provider": "anthropic", "model": "claude-haiku-4-5"},
                {"provider": "gemini", "model": "gemini-2.5-flash"},
                {"provider": "deepseek", "model": "deepseek-flash"},
            ],
            "template": "I can't think of an answer just now. Please ask me again in a minute.",
        }},
    })
}

/// A vendor's binding, where the mock as a whole is at `mocks`. The mock is laid out like the vendor's own address, which
/// is `base_url`: what that has as a path comes after the vendor's name.
pub fn binding(vendor: &str, base_url: &str, mocks: &str) -> Value {
    let path = base_url.splitn(4, '/').nth(3).map_or(String::new(), |path| format!("/{path}"));
    json!({
        "mode": "mock",
        "base_url": format!("{mocks}/{vendor}{path}"),
        "secret": secret(vendor),
        "webhook_secret": webhook_secret(vendor),
        "options": options(vendor),
    })
}

/// The mock takes any key. LiveKit's isn't sent but signs, so that one the mock has to know.
fn secret(vendor: &str) -> String {
    match vendor {
        "livekit" => "APIdemo:mock-secret-of-livekit".to_owned(),
        _ => format!("sk-mock-{vendor}"),
    }
}

/// What a vendor's webhooks are verified with; the mock is told the same. `None` for those that sign otherwise: LiveKit with
/// its key, Tavus and Shotstack with a token in the address.
pub fn webhook_secret(vendor: &str) -> Option<String> {
    let signs_otherwise = matches!(vendor, "livekit" | "tavus" | "shotstack");
    (!signs_otherwise).then(|| format!("wh-mock-{vendor}"))
}

/// What a vendor can't do without.
fn options(vendor: &str) -> Value {
    match vendor {
        "tavus" => json!({"persona": "pal-demo"}),
        "heygen" => json!({"avatar_id": "avatar-demo", "context_id": "context-demo"}),
        "upload-post" => json!({"user": "demo"}),
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mock_is_laid_out_like_its_vendor() {
        let check = |vendor: &str, base_url: &str, expected: &str, secret: &str| {
            let binding = binding(vendor, base_url, "http://127.0.0.1:9");
            assert_eq!((&binding["base_url"], &binding["secret"]), (&json!(expected), &json!(secret)));
            assert_eq!(binding["webhook_secret"], json!(webhook_secret(vendor)), "{vendor}");
        };
        check("openai", "https://api.openai.com/v1", "http://127.0.0.1:9/openai/v1", "sk-mock-openai");
        check("tavus", "https://tavusapi.com", "http://127.0.0.1:9/tavus", "sk-mock-tavus");
        check("livekit", "", "http://127.0.0.1:9/livekit", "APIdemo:mock-secret-of-livekit");
    }
}
