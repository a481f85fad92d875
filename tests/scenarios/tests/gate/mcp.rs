//! The Model Context Protocol: what a client of it may say, what it hears, and that a tool is the route by another name.

use scenarios::tenant::{FALLBACK, ORIGIN};
use scenarios::wait::at_once;
use scenarios::{Answer, Books, Caller, Gate, Mocks, Tenant, Value, json, unique};

const PATH: &str = "/v1/mcp";
const ACCEPT: &str = "application/json, text/event-stream";

fn tenant() -> Tenant {
    Tenant::at(Gate::shared(), Mocks::shared(), json!({}))
}

/// Posts a body as an MCP client does.
#[track_caller]
fn say(server: &Caller, version: Option<&str>, body: &str) -> Answer {
    let call = server.call("POST", PATH).header("accept", ACCEPT);
    let call = version.into_iter().fold(call, |call, version| call.header("mcp-protocol-version", version));
    call.bytes("application/json", body).send()
}

#[track_caller]
fn ask(server: &Caller, method: &str, params: Value) -> Value {
    let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
    let answer = say(server, Some("2025-06-18"), &body.to_string()).expect(200);
    assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(7)), "{answer}");
    answer
}

/// The result of a tool.
#[track_caller]
fn tool(server: &Caller, name: &str, arguments: Value) -> Value {
    let answer = ask(server, "tools/call", json!({"name": name, "arguments": arguments}));
    assert!(answer["error"].is_null(), "{answer}");
    answer["result"].clone()
}

/// The type and the code of a tool that failed; the model is told both.
#[track_caller]
fn failed(result: &Value) -> (String, String) {
    assert_eq!(result["isError"], true, "{result}");
    let error = &result["_meta"]["tollgate/error"];
    let field = |name: &str| error[name].as_str().unwrap_or_else(|| panic!("no {name} in {result}")).to_owned();
    let (kind, code) = (field("type"), field("code"));
    let name = if kind == code { kind.clone() } else { format!("{kind} ({code})") };
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(text.starts_with(&format!("{name}: ")), "{text}");
    (kind, code)
}

#[test]
fn run_4_the_two_agree_on_a_version_and_the_tools_have_schemas() {
    let server = tenant().server();
    let begin = |version: &str| {
        let params =
            json!({"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
        ask(&server, "initialize", params)["result"].clone()
    };
    for (asked, agreed) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
    ] {
        let result = begin(asked);
        assert_eq!(result["protocolVersion"], agreed, "{asked}");
        assert_eq!(result["serverInfo"]["name"], "tollgate");
        assert!(result["capabilities"]["tools"].is_object(), "{result}");
    }
    assert_eq!(say(&server, None, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).status, 202);
    let tools = ask(&server, "tools/list", json!({}))["result"]["tools"].clone();
    let names: Vec<&str> = tools.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ask", "list_projects", "start_run", "get_run_status"]);
    for tool in tools.as_array().unwrap() {
        assert_eq!((&tool["inputSchema"]["type"], &tool["outputSchema"]["type"]), (&json!("object"), &json!("object")));
        assert!(tool["annotations"].is_object() && tool["description"].is_string(), "{tool}");
    }
    assert_eq!(ask(&server, "ping", json!({}))["result"], json!({}));
}

#[test]
fn run_4_a_question_goes_the_way_of_the_chat_and_is_charged_as_one() {
    let tenant = tenant();
    let server = tenant.server();
    let result = tool(&server, "ask", json!({"question": "How is the harbour?"}));
    assert_eq!(result["isError"], false, "{result}");
    let said = &result["structuredContent"];
    assert!(said["answer"].as_str().unwrap().contains("How is the harbour?"), "{result}");
    assert_eq!(said["answer"], result["content"][0]["text"]);
    let books = Books(&server);
    let id = said["limit_check_id"].as_str().unwrap();
    assert!(books.cost(id) > 0, "it is in the log, with its cost");
    assert_eq!(books.settled_money().settled, books.cost(id));
    assert_eq!(Mocks::shared().calls_of(&tenant).len(), 1);
}

#[test]
fn run_4_a_question_with_a_key_is_asked_once() {
    let tenant = tenant();
    let server = tenant.server();
    let key = unique("k-");
    let params =
        |question: &str| json!({"name": "ask", "arguments": {"question": question}, "_meta": {"idempotencyKey": key}});
    let first = ask(&server, "tools/call", params("Once?"));
    assert_eq!(ask(&server, "tools/call", params("Once?")), first);
    assert_eq!(Mocks::shared().calls_of(&tenant).len(), 1);
    let (_, code) = failed(&ask(&server, "tools/call", params("Twice?"))["result"]);
    assert_eq!(code, "idempotency_key_reused");
}

#[test]
fn run_4_a_run_with_a_key_is_begun_once() {
    let tenant = tenant();
    let server = tenant.server();
    let steps = json!([{"id": "publish", "gate": {"title": "Publish it?"}}]);
    for project in ["clips", "films"] {
        server.put(&format!("/v1/projects/{project}"), &json!({"title": project, "steps": steps})).expect(201);
    }
    let start = |key: &str, project: &str, input: Value| {
        let arguments = json!({"project": project, "input": input});
        let params = json!({"name": "start_run", "arguments": arguments, "_meta": {"idempotencyKey": key}});
        ask(&server, "tools/call", params)["result"].clone()
    };
    let id =
        |result: &Value| result["structuredContent"]["id"].as_str().unwrap_or_else(|| panic!("{result}")).to_owned();
    let key = unique("k-");
    let first = start(&key, "clips", json!({"scenes": 1}));
    assert_eq!(start(&key, "clips", json!({"scenes": 1})), first);
    for other in [start(&key, "clips", json!({"scenes": 2})), start(&key, "films", json!({"scenes": 1}))] {
        assert_eq!(failed(&other), ("conflict".into(), "idempotency_key_reused".into()));
    }
    assert_eq!(failed(&start("two words", "clips", json!({}))).0, "invalid_request");
    // All at once: one begins it, the others get the same run, or are told to come again.
    let key = unique("k-");
    let begun = at_once(8, |_| start(&key, "films", json!({})));
    let (good, others): (Vec<Value>, Vec<Value>) = begun.into_iter().partition(|result| result["isError"] == false);
    assert!(others.iter().all(|other| failed(other).1 == "in_progress"), "{others:?}");
    assert!(!good.is_empty() && good.iter().all(|one| id(one) == id(&good[0])), "{good:?}");
    // Each is on the list once.
    let runs = server.get("/v1/runs").expect(200)["runs"].clone();
    let listed: Vec<&str> = runs.as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap()).collect();
    assert_eq!(listed, [id(&good[0]), id(&first)]);
}

#[test]
fn run_4_a_cap_is_told_to_the_model_and_nothing_is_called() {
    let tenant = Tenant::at(Gate::shared(), Mocks::shared(), json!({"limits": {"monthly_cost_usd": "0.000001"}}));
    let result = tool(&tenant.server(), "ask", json!({"question": "Hello"}));
    assert_eq!(failed(&result).0, "hard_cap");
    assert_eq!(result["_meta"]["tollgate/error"]["fallback"]["message"], FALLBACK);
    Mocks::shared().assert_not_called(&tenant);
}

#[test]
fn run_4_wrong_arguments_are_told_to_the_model_and_an_unknown_tool_to_the_client() {
    let tenant = tenant();
    let server = tenant.server();
    for arguments in [json!({}), json!({"question": 7}), json!({"question": "a", "more": 1})] {
        let (kind, code) = failed(&tool(&server, "ask", arguments));
        assert_eq!((kind.as_str(), code.as_str()), ("invalid_request", "invalid_arguments"));
    }
    assert_eq!(failed(&tool(&server, "ask", json!({"question": " "}))).1, "invalid_request");
    assert_eq!(failed(&tool(&server, "ask", json!({"question": "a", "model": "no-such-model"}))).1, "unpriced");
    for params in
        [json!({"name": "no_such_tool"}), json!({}), json!({"name": "ask", "arguments": []}), json!({"name": 1})]
    {
        assert_eq!(ask(&server, "tools/call", params.clone())["error"]["code"], -32_602, "{params}");
    }
    Mocks::shared().assert_not_called(&tenant);
}

#[test]
fn run_4_what_is_no_message_is_refused_as_such() {
    let server = tenant().server();
    let ping = r#"{"jsonrpc":"2.0","id":"a","method":"ping"}"#;
    let notice = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let start = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"x","capabilities":{},"clientInfo":{}}}"#;
    let deep = format!("{}{}", "[".repeat(300_000), "]".repeat(300_000));
    let deep_params = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":{deep}}}}}"#);
    let many = format!("[{}]", [ping; 17].join(","));
    let check = |version: Option<&str>, body: &str, status: u16, expected: Value| {
        let answer = say(&server, version, body);
        let shown = &body[..body.len().min(100)];
        assert_eq!(answer.status, status, "{version:?} {shown}: {}", answer.text());
        if status == 202 {
            return assert_eq!(answer.text(), "", "{shown}");
        }
        let found: Value = serde_json::from_str(&answer.text()).unwrap();
        let code = |one: &Value| json!([one["id"], one["error"]["code"]]);
        let found = found.as_array().map_or_else(|| code(&found), |all| all.iter().map(code).collect());
        assert_eq!(found, expected, "{version:?} {shown}");
    };
    let new = Some("2025-06-18");
    check(new, ping, 200, json!(["a", null]));
    check(new, &ping.replace("\"a\"", "12345678901234567890"), 200, json!([12_345_678_901_234_567_890_u64, null]));
    check(new, "{", 400, json!([null, -32_700]));
    check(new, "", 400, json!([null, -32_700]));
    check(new, "\u{feff}{}", 400, json!([null, -32_700]));
    check(new, &"[".repeat(900_000), 400, json!([null, -32_700]));
    check(new, "7", 400, json!([null, -32_600]));
    check(new, &deep, 400, json!([null, -32_600]));
    check(new, &deep_params, 200, json!([1, -32_602]));
    check(new, r#"{"id":1,"method":"ping"}"#, 400, json!([1, -32_600]));
    check(new, r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, 400, json!([null, -32_600]));
    check(new, r#"{"jsonrpc":"2.0","id":1,"method":"resources/list"}"#, 200, json!([1, -32_601]));
    check(new, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}"#, 200, json!([1, -32_602]));
    check(new, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x"}}"#, 200, json!([1, -32_602]));
    check(new, r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#, 200, json!([1, -32_602]));
    check(new, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, 202, json!(null));
    check(new, notice, 202, json!(null));
    // Versions: `initialize` comes before there is one.
    check(Some("1999-01-01"), ping, 400, json!(["a", -32_022]));
    check(Some("1999-01-01"), notice, 400, json!([null, -32_022]));
    check(Some("1999-01-01"), start, 200, json!([1, null]));
    // The newest wants all of it in each request.
    check(Some("2026-07-28"), ping, 400, json!(["a", -32_602]));
    check(Some("2026-07-28"), &format!("[{ping}]"), 400, json!([null, -32_600]));
    // Batches: in one version only.
    let batch = format!("[{ping},{notice},5,{start}]");
    check(new, &batch, 400, json!([null, -32_600]));
    check(Some("2024-11-05"), &batch, 400, json!([null, -32_600]));
    let expected = json!([["a", null], [null, -32_600], [1, -32_600]]);
    check(Some("2025-03-26"), &batch, 200, expected.clone());
    check(None, &batch, 200, expected);
    check(None, &format!("[{notice},{notice}]"), 202, json!(null));
    check(None, "[]", 400, json!([null, -32_600]));
    check(None, &many, 400, json!([null, -32_600]));
}

#[test]
fn run_4_in_the_newest_version_each_request_stands_by_itself() {
    let server = tenant().server();
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
    });
    let say = |method: &str, name: Option<&str>, mut params: Value, headers: [&str; 2], status: u16| {
        params["_meta"] = meta.clone();
        let call = server.call("POST", PATH).header("accept", ACCEPT).header("mcp-protocol-version", headers[0]);
        let call = call.header("mcp-method", headers[1]);
        let call = name.into_iter().fold(call, |call, name| call.header("mcp-name", name));
        call.json(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})).send().expect(status)
    };
    let new = "2026-07-28";
    let found = say("server/discover", None, json!({}), [new, "server/discover"], 200)["result"].clone();
    assert!(found["supportedVersions"].as_array().unwrap().contains(&json!(new)), "{found}");
    assert_eq!((&found["resultType"], &found["cacheScope"]), (&json!("complete"), &json!("private")));
    let ask = || json!({"name": "ask", "arguments": {"question": "How is the harbour?"}});
    let said = say("tools/call", Some("ask"), ask(), [new, "tools/call"], 200)["result"].clone();
    assert!(said["structuredContent"]["answer"].as_str().unwrap().contains("How is the harbour?"), "{said}");
    assert_eq!(said["resultType"], "complete");
    let code = |answer: Value| answer["error"]["code"].clone();
    assert_eq!(code(say("tools/call", Some("start_run"), ask(), [new, "tools/call"], 400)), -32_020);
    assert_eq!(code(say("tools/call", None, ask(), [new, "tools/call"], 400)), -32_020);
    assert_eq!(code(say("tools/list", None, json!({}), [new, "tools/call"], 400)), -32_020);
    assert_eq!(code(say("ping", None, json!({}), [new, "ping"], 404)), -32_601);
}

#[test]
fn run_4_who_may_come_in() {
    let tenant = tenant();
    let (server, gate) = (tenant.server(), Gate::shared());
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    // Nobody, a stranger, and those who are known but not meant.
    for stranger in [gate.stranger(), gate.stranger().with_bearer("tg_sk_nobody"), tenant.visitor().without_origin()] {
        let answer = stranger.post(PATH, &list);
        answer.refused(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"tollgate\""));
    }
    assert_eq!(tenant.page().caller.post(PATH, &list).refused(403, "forbidden")["code"], "secret_key_needed");
    gate.admin().post(PATH, &list).refused(403, "forbidden");
    // A browser comes from where the tenant's pages are, or not at all.
    for origin in ["https://evil.example", "null", "http://page.example", "https://page.example:444"] {
        let error = server.clone().with_origin(origin).post(PATH, &list).refused(403, "forbidden");
        assert_eq!(error["code"], "origin_not_allowed", "{origin}");
    }
    server.clone().with_origin(ORIGIN).post(PATH, &list).expect(200);
    // No stream and no session: there is nothing to get and nothing to end.
    for method in ["GET", "DELETE", "PUT"] {
        let answer = server.call(method, PATH).header("accept", "text/event-stream").send();
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{method}");
    }
    // What is sent and taken.
    let body = list.to_string();
    for (sent, taken, status) in [
        ("application/json", None, 200),
        ("application/json; charset=utf-8", Some("application/json"), 200),
        ("application/json", Some(ACCEPT), 200),
        ("application/json", Some("text/html, */*;q=0.1"), 200),
        ("application/json", Some("text/event-stream"), 406),
        ("text/plain", Some(ACCEPT), 415),
        ("application/jsonp", Some(ACCEPT), 415),
    ] {
        let call = server.call("POST", PATH);
        let call = taken.into_iter().fold(call, |call, taken| call.header("accept", taken));
        assert_eq!(call.bytes(sent, body.clone()).send().status, status, "{sent} {taken:?}");
    }
    let long = json!({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"a": "x".repeat(1_100_000)}});
    server.post(PATH, &long).refused(413, "too_large");
}

#[test]
fn run_4_a_key_opens_its_own_tenant_only() {
    let (ours, theirs) = (tenant(), tenant());
    let said = tool(&ours.server(), "ask", json!({"question": "Whose?"}));
    let id = said["structuredContent"]["limit_check_id"].as_str().unwrap().to_owned();
    Books(&ours.server()).cost(&id);
    assert_eq!(theirs.server().get(&format!("/v1/audit/entries/{id}")).status, 404);
    Mocks::shared().assert_not_called(&theirs);
}
