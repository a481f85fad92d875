//! PRX-4: what reaches a vendor of a page's request, and what reaches the page of a vendor's answer. Nothing passes by
//! itself, in either direction.

use scenarios::scripted::answer;
use scenarios::{Answer, ScriptedVendor, Value, json, unique};

use crate::every_vendor::{VENDORS, ask, gate, request, settled, tenant};

/// Headers that a request to a vendor may have: the connection's own, the proxy's, and what adapters say.
const SENT: [&str; 9] = [
    "host",
    "content-length",
    "transfer-encoding",
    "user-agent",
    "accept",
    "content-type",
    "anthropic-version",
    "cartesia-version",
    "idempotency-key",
];

/// Where a vendor's key stands.
fn key_header(vendor: &str) -> &'static str {
    match vendor {
        "anthropic" | "tavus" | "heygen" | "sportradar" | "newsapi" | "shotstack" => "x-api-key",
        "gemini" => "x-goog-api-key",
        "elevenlabs" => "xi-api-key",
        _ => "authorization",
    }
}

#[test]
fn prx_4_a_vendor_gets_the_adapters_headers_and_the_key_and_nothing_of_the_page() {
    let gate = gate();
    let check = |vendor: &'static str| {
        let refusing = ScriptedVendor::saying(answer(400, &[("content-type", "application/json")], b"{}"));
        let tenant = tenant(gate, vendor, &refusing.url(), json!({}));
        let page = tenant.page();
        let mark = unique("mark-");
        let headers = [
            ("cookie", format!("session={mark}")),
            ("x-forwarded-for", format!("203.0.113.9, {mark}")),
            ("forwarded", format!("for={mark}")),
            ("x-real-ip", mark.clone()),
            ("referer", format!("https://page.example/{mark}")),
            ("user-agent", format!("Browser/{mark}")),
            ("accept-language", mark.clone()),
            ("accept-encoding", format!("gzip, {mark}")),
            ("x-api-key", mark.clone()),
            ("xi-api-key", mark.clone()),
            ("x-goog-api-key", mark.clone()),
            ("anthropic-beta", mark.clone()),
            ("openai-organization", mark.clone()),
            ("x-custom", mark.clone()),
            ("x-request-id", mark.clone()),
            ("traceparent", mark.clone()),
            ("proxy-authorization", mark.clone()),
        ];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        ask(&page.caller, vendor, "Hello", &headers).refused(502, "vendor_error");

        let asked = refusing.asked();
        assert_eq!(asked.len(), 1, "{vendor}: one call, no repeat: {asked:?}");
        let head = &asked[0].head;
        let key = key_header(vendor);
        let mut names = asked[0].header_names();
        assert!(names.iter().all(|name| name == key || SENT.contains(&name.as_str())), "{vendor}: {head}");
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "{vendor}: each header once: {head}");
        assert!(asked[0].header("user-agent").is_some_and(|agent| agent.starts_with("tollgate/")), "{head}");
        let secret = &tenant.vendor_secrets[vendor];
        match vendor {
            // Its secret signs and is never sent.
            "livekit" => assert!(!head.contains(secret.split_once(':').unwrap().1), "{head}"),
            _ => assert_eq!(head.matches(secret.as_str()).count(), 1, "{vendor}: {head}"),
        }
        assert!(asked[0].header(key).is_some(), "{vendor}: {head}");
        let body = String::from_utf8_lossy(&asked[0].body).into_owned();
        for private in
            [&mark, &page.token, &page.id, &tenant.publishable_key, &tenant.secret_key, &tenant.id, "page.example"]
                .map(AsRef::<str>::as_ref)
        {
            assert!(!head.contains(private), "{vendor}: {private} in {head}");
            let told_where_to_report = body.contains("/v1/webhooks/") && private == tenant.id;
            assert!(!body.contains(private) || told_where_to_report, "{vendor}: {private} in {body}");
        }
        assert_eq!(settled(&tenant), 0, "{vendor}: a refusal costs nothing");
    };
    for vendor in VENDORS {
        check(vendor);
    }
}

/// What a vendor may say in its headers, each with a mark in it.
fn chatty(mark: &str) -> Vec<(&'static str, String)> {
    vec![
        ("set-cookie", format!("id={mark}; Path=/")),
        ("server", format!("vendor/{mark}")),
        ("x-request-id", mark.to_owned()),
        ("openai-organization", mark.to_owned()),
        ("access-control-allow-origin", format!("https://{mark}.example")),
        ("access-control-allow-credentials", "true".to_owned()),
        ("content-disposition", format!("attachment; filename={mark}")),
        ("content-security-policy", mark.to_owned()),
        ("location", format!("https://{mark}.example/")),
        ("link", format!("<https://{mark}.example>; rel=preload")),
        ("refresh", format!("0; url=https://{mark}.example")),
        ("www-authenticate", format!("Basic realm={mark}")),
        ("cache-control", format!("public, max-age=31536000, {mark}")),
        ("etag", format!("\"{mark}\"")),
        ("strict-transport-security", mark.to_owned()),
        ("x-limit-check-id", mark.to_owned()),
        ("x-tollgate-provider", mark.to_owned()),
        ("via", mark.to_owned()),
        ("trailer", "x-late".to_owned()),
        ("clear-site-data", "\"*\"".to_owned()),
        ("alt-svc", format!("h3=\"{mark}.example:443\"")),
    ]
}

#[track_caller]
fn assert_silent(what: &str, answer: &Answer, mark: &str) {
    for (name, value) in &answer.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        assert!(!value.contains(mark), "{what}: the vendor's {name}: {value}");
    }
    for name in ["set-cookie", "server", "content-disposition", "location", "refresh", "clear-site-data", "alt-svc"] {
        assert_eq!(answer.header(name), None, "{what}: {name}");
    }
    assert_ne!(answer.header("access-control-allow-credentials"), Some("true"), "{what}");
}

#[test]
fn prx_4_a_page_gets_none_of_a_vendors_headers() {
    let gate = gate();
    let whole = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "gpt-4.1-mini",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Here."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
    });
    let chunk = |delta: Value, finish: Value| {
        json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4.1-mini",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
    };
    let usage = json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4.1-mini", "choices": [],
        "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}});
    let stream = format!(
        "data: {}\n\ndata: {}\n\ndata: {usage}\n\ndata: [DONE]\n\n",
        chunk(json!({"role": "assistant", "content": "Here."}), Value::Null),
        chunk(json!({}), json!("stop")),
    );
    let news = json!({"status": "ok", "totalResults": 0, "articles": []});
    let check = |vendor: &'static str, stream: bool, media: &str, body: &[u8], passed_on: &str| {
        let mark = unique("mark-");
        let headers = chatty(&mark);
        let mut headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let media = format!("{media}; charset=utf-8; x={mark}");
        headers.push(("content-type", &media));
        let talking = ScriptedVendor::saying(answer(200, &headers, body));
        let tenant = tenant(gate, vendor, &talking.url(), json!({}));
        let (method, path, mut wanted) = request(vendor, "Hello");
        if stream {
            wanted["stream"] = json!(true);
        }
        let caller = tenant.page().caller;
        let call = caller.call(method, &path);
        let answer = if wanted.is_null() { call.send() } else { call.json(&wanted).send() };
        let what = format!("{vendor} {path}");
        assert_eq!(answer.status, 200, "{what}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some(passed_on), "{what}");
        assert_eq!(answer.header("x-tollgate-provider"), Some(vendor), "{what}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
        assert!(answer.header("x-request-id").is_some_and(|id| id.starts_with("req_")), "{what}: {answer:?}");
        assert_eq!(answer.headers.get_all("access-control-allow-origin").iter().count(), 1, "{what}");
        assert_silent(&what, &answer, &mark);
        assert!(settled(&tenant) > 0, "{what}");
    };
    let json = "application/json";
    check("openai", false, json, whole.to_string().as_bytes(), json);
    check("openai", true, "text/event-stream", stream.as_bytes(), "text/event-stream");
    check("elevenlabs", false, "Audio/MPEG", b"sound", "audio/mpeg");
    check("cartesia", false, "audio/mpeg", b"sound", "audio/mpeg");
    check("newsapi", false, json, news.to_string().as_bytes(), json);
}

/// The same for what goes wrong, at every vendor and in words as well as in headers.
#[test]
fn prx_4_a_vendors_error_reaches_the_page_in_the_gates_words_alone() {
    let gate = gate();
    let check = |vendor: &'static str, status: u16| {
        let mark = unique("mark-");
        let body = json!({
            "error": {"message": mark, "type": mark, "code": mark, "status": mark, "details": [{"reason": mark}]},
            "message": mark, "msg": mark, "code": status, "detail": {"status": mark, "message": mark}, "title": mark,
            "errors": [mark], "success": false, "status": "error", "response": {"message": mark, "error": mark},
        });
        let headers = chatty(&mark);
        let mut headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.push(("content-type", "application/json"));
        let failing = ScriptedVendor::saying(answer(status, &headers, body.to_string().as_bytes()));
        let tenant = tenant(gate, vendor, &failing.url(), json!({}));
        let answer = ask(&tenant.page().caller, vendor, "Hello", &[]);
        let what = format!("{vendor} {status}");
        let error = answer.refused(502, "vendor_error");
        assert!(error["limit_check_id"].as_str().is_some_and(|id| id.starts_with("lc_")), "{what}: {error}");
        assert!(!answer.text().contains(&mark), "{what}: the vendor's words: {}", answer.text());
        assert_silent(&what, &answer, &mark);
        assert_eq!(settled(&tenant), 0, "{what}: a refusal costs nothing");
        let known = failing.asked().len();
        assert_eq!(known, 1, "{what}: {known} calls");
    };
    std::thread::scope(|scope| {
        for vendors in VENDORS.chunks(4) {
            scope.spawn(move || {
                for vendor in vendors {
                    for status in [400, 401, 403, 429, 500] {
                        check(vendor, status);
                    }
                }
            });
        }
    });
}
