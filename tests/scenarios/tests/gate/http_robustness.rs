//! OPS-4: whatever comes in over HTTP, the answer is an error in the documented shape, and everybody else is served.

use std::io::Write;
use std::time::{Duration, Instant};

use scenarios::caller::http2_client;
use scenarios::raw::{connect, exchange, read_to_end, status};
use scenarios::tenant::{chat, seconds};
use scenarios::{Gate, Mocks, ORIGIN, Tenant, json};

#[test]
fn ops_4_unknown_paths_are_404_in_the_documented_shape() {
    let gate = Gate::shared();
    let server = Tenant::new(gate, json!({})).server();
    for path in ["/v1/nothing", "/v1/chat/nothing", "/v1/audit/nothing", "/v2/chat/completions", "/v1/preflight/x/y/z"]
    {
        for answer in [server.get(path), server.post(path, &json!({}))] {
            let status = answer.status;
            assert!(matches!(status, 404 | 405), "{path}: {status} {}", answer.text());
            answer.refused(status, if status == 404 { "not_found" } else { "method_not_allowed" });
        }
    }
}

#[test]
fn ops_4_wrong_methods_are_405() {
    let gate = Gate::shared();
    let server = Tenant::new(gate, json!({})).server();
    for (method, path) in [
        ("PATCH", "/v1/sessions"),
        ("PUT", "/v1/sessions"),
        ("GET", "/v1/preflight"),
        ("GET", "/v1/chat/completions"),
        ("DELETE", "/v1/chat/completions"),
        ("GET", "/v1/speech"),
        ("POST", "/v1/usage"),
        ("POST", "/v1/audit/entries"),
        ("PUT", "/v1/models"),
    ] {
        let answer = server.call(method, path).send();
        assert_eq!(answer.status, 405, "{method} {path}: {}", answer.text());
        answer.refused(405, "method_not_allowed");
    }
}

#[test]
fn ops_1_health_is_open_to_all_and_to_head() {
    let gate = Gate::shared();
    let answer = gate.stranger().get("/health");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let head = gate.stranger().call("HEAD", "/health").send();
    assert_eq!((head.status, head.body.len()), (200, 0));
    let raw = exchange(&gate.url, b"HEAD /health HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n\r\n");
    assert_eq!(status(&raw), 200, "{raw}");
    assert!(raw.ends_with("\r\n\r\n"), "no body: {raw}");
}

#[test]
fn ops_4_bombs_of_headers_are_refused() {
    let gate = Gate::shared();
    let request = |headers: &str| {
        let head = format!("GET /v1/usage HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n{headers}\r\n");
        exchange(&gate.url, head.as_bytes())
    };
    let check = |what: &str, headers: &str| {
        let answer = request(headers);
        assert!(matches!(status(&answer), 400 | 401 | 431), "{what}: {}", &answer[..answer.len().min(200)]);
    };
    check("one of a megabyte", &format!("x-bomb: {}\r\n", "x".repeat(1024 * 1024)));
    check("ten thousand", &(0..10_000).map(|n| format!("x-{n}: 1\r\n")).collect::<String>());
    check("a long credential", &format!("authorization: Bearer tg_sk_{}\r\n", "a".repeat(10_000)));
    check("no name", ": nameless\r\n");
    check("a folded line", "x-a: 1\r\n folded\r\n");
    check("a control character", "x-a: \x01\x02\r\n");
    check("two credentials", "authorization: Bearer tg_sk_a\r\nauthorization: Bearer tg_sk_b\r\n");
    check("not text", "authorization: Bearer \u{fffd}\u{fffd}\r\n");
    assert_eq!(gate.stranger().get("/health").status, 200);
}

#[test]
fn ops_4_two_credentials_or_origins_are_as_good_as_none() {
    let gate = Gate::shared();
    let tenant = Tenant::new(gate, json!({}));
    let key = &tenant.secret_key;
    let answer = exchange(
        &gate.url,
        format!(
            "GET /v1/usage HTTP/1.1\r\nhost: gate\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\
             authorization: Bearer {key}\r\n\r\n"
        )
        .as_bytes(),
    );
    assert_eq!(status(&answer), 401, "{answer}");
    let page = tenant.page();
    let answer = exchange(
        &gate.url,
        format!(
            "GET /v1/usage HTTP/1.1\r\nhost: gate\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
             origin: {ORIGIN}\r\norigin: https://evil.example\r\n\r\n",
            page.token
        )
        .as_bytes(),
    );
    assert_eq!(status(&answer), 403, "{answer}");
}

#[test]
fn ops_4_smuggled_and_broken_requests_are_refused() {
    let gate = Gate::shared();
    let check = |what: &str, request: &str, expected: &[u16]| {
        let answer = exchange(&gate.url, request.as_bytes());
        assert!(expected.contains(&status(&answer)), "{what}: {}", &answer[..answer.len().min(300)]);
        assert_eq!(answer.matches("HTTP/1.1 ").count().max(1), 1, "{what}: one answer, not two: {answer}");
    };
    let post = "POST /v1/preflight HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n";
    let hidden = "GET /health HTTP/1.1\r\nhost: gate\r\n\r\n";
    let both = format!("{post}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{hidden}");
    check("both lengths", &both, &[400, 401]);
    check("two lengths", &format!("{post}content-length: 5\r\ncontent-length: 6\r\n\r\nhello!"), &[400]);
    check("a negative length", &format!("{post}content-length: -1\r\n\r\n"), &[400]);
    check("a signed length", &format!("{post}content-length: +5\r\n\r\nhello"), &[400]);
    check("an unknown coding", &format!("{post}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n"), &[400, 501]);
    check("a bad chunk", &format!("{post}transfer-encoding: chunked\r\n\r\nzz\r\n\r\n"), &[400, 401]);
    check("no version", "GET /health\r\n\r\n", &[0, 400]);
    check("nonsense", "\x16\x03\x01\x02\x00\x01\x00\x01\x7f\x03\x03", &[0, 400]);
    check(
        "a method of its own",
        "BREW /health HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n\r\n",
        &[400, 404, 405, 501],
    );
    assert_eq!(gate.stranger().get("/health").status, 200);
}

#[test]
fn ops_4_paths_do_not_lead_out() {
    let gate = Gate::shared();
    for path in [
        "/../../../../etc/passwd",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "/assets/../../Cargo.toml",
        "/%2e%2e/%2e%2e/spin.toml",
        "//etc/passwd",
        "/v1/../v1/tenants",
        "/v1/tenants/..%2f..%2fkeys.json",
        "/spin.toml",
        "/.tollgate/keys.json",
        "/%00",
        "/\\..\\..\\etc\\passwd",
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n\r\n");
        let answer = exchange(&gate.url, request.as_bytes());
        assert!(matches!(status(&answer), 400 | 401 | 403 | 404), "{path}: {}", &answer[..answer.len().min(300)]);
        for inside in ["root:", "[workspace]", "spin_manifest_version", "master_key"] {
            assert!(!answer.contains(inside), "{path}: {answer}");
        }
    }
    // A path that goes round doesn't go past the credential either.
    let key = &gate.admin_key;
    let request = format!(
        "GET /health/../v1/tenants HTTP/1.1\r\nhost: gate\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\r\n"
    );
    let answer = exchange(&gate.url, request.as_bytes());
    assert!(matches!(status(&answer), 200 | 400 | 404), "{answer}");
}

#[test]
fn ops_4_slow_connections_do_not_block_others() {
    let gate = Gate::shared();
    let tenant = Tenant::at(gate, Mocks::shared(), json!({}));
    // A hundred that never finish their head, and a hundred that never finish their body.
    let mut slow = Vec::new();
    for number in 0..200 {
        let mut stream = connect(&gate.url);
        let start = if number % 2 == 0 {
            "GET /health HTTP/1.1\r\nhost: ga".to_owned()
        } else {
            let key = &tenant.secret_key;
            format!(
                "POST /v1/preflight HTTP/1.1\r\nhost: gate\r\nauthorization: Bearer {key}\r\n\
                 content-type: application/json\r\ncontent-length: 500\r\n\r\n{{"
            )
        };
        stream.write_all(start.as_bytes()).unwrap();
        slow.push(stream);
    }
    for _ in 0..5 {
        let asked = Instant::now();
        tenant.server().post("/v1/chat/completions", &chat("Hello")).expect(200);
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    }
    // One that never finished its body gets its 4xx or is closed in the end; it is not kept for ever.
    let mut last = slow.pop().unwrap();
    last.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    let asked = Instant::now();
    let answer = read_to_end(&mut last);
    assert!(asked.elapsed() < Duration::from_secs(39), "still open");
    assert!(matches!(status(&answer), 0 | 400 | 408), "{answer}");
}

#[test]
fn ops_4_a_body_that_ends_early_reserves_nothing() {
    let gate = Gate::shared();
    let tenant = Tenant::new(gate, json!({}));
    let body = seconds(15).to_string();
    for cut in [1, body.len() / 2, body.len() - 1] {
        let mut stream = connect(&gate.url);
        let head = format!(
            "POST /v1/preflight HTTP/1.1\r\nhost: gate\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
            tenant.secret_key,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body.as_bytes()[..cut]).unwrap();
    }
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(scenarios::Books(&tenant.server()).money().held, 0);
}

#[test]
fn ops_4_a_chunked_body_is_as_good() {
    let gate = Gate::shared();
    let tenant = Tenant::new(gate, json!({}));
    let body = seconds(15).to_string();
    let (first, second) = body.split_at(10);
    let request = format!(
        "POST /v1/preflight HTTP/1.1\r\nhost: gate\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n\
         {:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        tenant.secret_key,
        first.len(),
        second.len()
    );
    let answer = exchange(&gate.url, request.as_bytes());
    assert_eq!(status(&answer), 200, "{answer}");
}

#[test]
fn ops_4_http_2_works_from_the_first_byte() {
    let gate = Gate::shared();
    let tenant = Tenant::at(gate, Mocks::shared(), json!({}));
    let client = http2_client();
    let answers = scenarios::wait::at_once(10, |_| {
        let request = client.post(format!("{}/v1/chat/completions", gate.url));
        let request = request.header("authorization", format!("Bearer {}", tenant.secret_key));
        let answer = request.header("content-type", "application/json").body(chat("Hello").to_string()).send().unwrap();
        (answer.status().as_u16(), answer.version(), answer.text().unwrap())
    });
    for (status, version, text) in answers {
        assert_eq!((status, version), (200, http::Version::HTTP_2), "{text}");
    }
}

#[test]
fn ops_4_answers_are_not_cached_and_not_sniffed() {
    let tenant = Tenant::new(Gate::shared(), json!({}));
    let answer = tenant.server().get("/v1/usage");
    answer.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("server"), None);
}
