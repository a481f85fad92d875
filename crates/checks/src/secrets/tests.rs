//! Each shape is found, what isn't one isn't, and nothing is said whole. The examples are put together here, so that no
//! scan of this repository, ours or another's, finds them.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::*;

const HEX: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
const MIXED: &str = "qW3rT9zXc7VbN1mKp0LsYd8fGh2JkA6u";

fn codes(text: &str) -> Vec<String> {
    let mut verdict = Verdict::default();
    scan(&mut verdict, "f", text, &Allow::default());
    verdict.found()
}

#[test]
fn ops_3_every_shape_is_found_and_none_is_said() {
    let check = |code: &str, line: &str, secret: &str| {
        let mut verdict = Verdict::default();
        scan(&mut verdict, "f", &format!("\n{line}\n"), &Allow::default());
        let report = verdict.report("secrets", calendar::Millis(0));
        let found: Vec<_> = report.findings.iter().map(|one| (one.code.as_str(), one.path.as_str())).collect();
        assert!(found.contains(&(code, "f:2")), "{code}: {found:?}");
        let said = format!("{:?}", report.findings);
        assert!(!said.contains(secret) && !said.contains(secret.get(8..).unwrap()), "{said}");
    };
    let plain = |code: &str, secret: &str| check(code, secret, secret);
    check("private_key", &format!("{}BEGIN RSA PRIVATE KEY{}", "-----", "-----"), "RSA PRIVATE KEY");
    plain("tollgate_secret_key", &format!("tg_sk{}{HEX}", "_"));
    plain("tollgate_admin_key", &format!("tg_admin{}{MIXED}{MIXED}", "_"));
    plain("tollgate_session", &format!("tgs{}01jabc{}{HEX}", "_", "_"));
    plain("anthropic", &format!("sk-ant{}api03-{MIXED}", "-"));
    plain("openai", &format!("sk{}proj-{MIXED}", "-"));
    plain("openai", &format!("sk{}{MIXED}", "-"));
    plain("elevenlabs", &format!("sk{}{}", "_", HEX.get(..48).unwrap()));
    plain("cartesia", &format!("sk_car{}{MIXED}", "_"));
    plain("google", format!("AIza{}{MIXED}abc", "Sy").get(..39).unwrap());
    plain("stripe", &format!("sk_live{}{MIXED}", "_"));
    plain("webhook_secret", &format!("whsec{}{MIXED}", "_"));
    plain("aws_access_key", &format!("AKIA{}", "ABCDEFGH12345678"));
    plain("slack_token", &format!("xoxb{}123456789012-{MIXED}", "-"));
    plain("slack_webhook", &format!("https://hooks.slack.com/services/{}/B1/{MIXED}", "T1"));
    plain("github", &format!("ghp{}{MIXED}abcd", "_"));
    plain("telegram", &format!("123456789:{}{MIXED}x", "AA"));
    plain("jwt", &format!("eyJ{MIXED}.{}{MIXED}.{MIXED}", "eyJ"));
    let password = MIXED.get(..12).unwrap();
    check("url_password", &format!("redis://user:{password}@redis.example:6379"), password);
    check("assigned_quoted", &format!(r#"  "client_secret": "{MIXED}","#), MIXED);
    check("assigned_quoted", &format!("API_KEY = '{MIXED}'"), MIXED);
    check("assigned_bare", &format!("export DB_PASSWORD={MIXED}"), MIXED);
    check("assigned_bare", &format!("master_key: {HEX}"), HEX);
}

#[test]
fn ops_3_what_is_no_secret_is_let_be() {
    for line in [
        "Authorization: Bearer $TOLLGATE_SECRET_KEY",
        "tg_sk_...",
        "publishable: tg_pk_0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
        r#"secret_key = "your-secret-key-goes-here""#,
        r#""token": "{{ session_token_of_page }}""#,
        "password: ${DATABASE_PASSWORD_FROM_VAULT}",
        "let token = session.token_of_the_visitor();",
        "redis://127.0.0.1:6379",
        "redis://user:$PASSWORD@redis.example",
        "-----BEGIN PUBLIC KEY-----",
        "sk-mock-openai",
        "task-descriptions-are-long-enough-to-match-nothing",
    ] {
        assert_eq!(codes(line), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn ops_3_what_is_allowed_has_a_reason() {
    let text = format!("token = \"{MIXED}\"\n");
    let found = |list: &str, path: &str| {
        let mut verdict = Verdict::default();
        scan(&mut verdict, path, &text, &Allow::parse(list).unwrap());
        verdict.found().len()
    };
    let list = r#"{"allow": [{"path": "tests/**", "reason": "Made up for tests."}]}"#;
    assert_eq!((found(list, "tests/a/b.rs"), found(list, "host/b.rs")), (0, 1));
    let list = r#"{"allow": [{"path": "**", "code": "jwt", "reason": "Made up for tests."}]}"#;
    assert_eq!(found(list, "a"), 1);
    let list = r#"{"allow": [{"path": "**", "contains": "qW3r", "reason": "Made up for tests."}]}"#;
    assert_eq!(found(list, "a"), 0);
    for bad in [
        "",
        r#"{"allow": [{"path": "**"}]}"#,
        r#"{"allow": [{"path": "**", "reason": ""}]}"#,
        r#"{"allow": [{"path": "[", "reason": "Made up for tests."}]}"#,
        r#"{"allow": [{"path": "**", "reason": "Made up for tests.", "regex": "."}]}"#,
    ] {
        assert!(Allow::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn ops_3_long_lines_are_cut_within_no_character() {
    assert_eq!(cut(&"ä".repeat(5_000)).len(), MAX_LINE);
    assert_eq!(cut("short"), "short");
}
