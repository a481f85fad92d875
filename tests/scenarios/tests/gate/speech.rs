//! PRX-2: speech, chunk by chunk, and its interruption.

use std::time::Duration;

use scenarios::amounts::CHARACTER;
use scenarios::tenant::{merge, speech};
use scenarios::{Books, Gate, Mocks, Tenant, Value, json};

fn tenant() -> Tenant {
    Tenant::at(Gate::shared(), Mocks::shared(), json!({}))
}

#[test]
fn prx_2_speech_is_audio_that_comes_in_chunks() {
    let tenant = tenant();
    let mut stream = tenant.page().caller.call("POST", "/v1/speech").json(&speech("Hello there, how are you?")).open();
    assert_eq!(stream.status(), 200);
    assert!(stream.header("content-type").is_some_and(|kind| kind.starts_with("audio/")));
    assert_eq!(stream.header("x-tollgate-provider"), Some("elevenlabs"));
    assert!(stream.header("x-limit-check-id").is_some());
    let (chunks, ended) = stream.read_all();
    assert!(ended && chunks.len() > 1, "{} reads", chunks.len());
    let calls = Mocks::shared().calls_of(&tenant);
    assert_eq!(calls[0]["bytes_sent"], chunks.concat().len(), "every byte of the vendor's sound");
}

#[test]
fn prx_2_speech_is_interrupted_by_its_id() {
    let tenant = tenant();
    let page = tenant.page();
    let text = "Once upon a time there was a very long story. [[slow]] ".repeat(20);
    let mut stream = page.caller.call("POST", "/v1/speech").json(&speech(&text)).open();
    let id = stream.header("x-limit-check-id").unwrap().to_owned();
    stream.try_read().unwrap().expect("a first chunk");

    // Somebody else can't silence it.
    let other = self::tenant();
    let answer = other.server().delete(&format!("/v1/speech/{id}"));
    assert!(matches!(answer.status, 403 | 404), "{}", answer.text());
    assert!(stream.try_read().unwrap().is_some());

    page.caller.delete(&format!("/v1/speech/{id}")).expect(204);
    Mocks::shared().call_when(&tenant, "/text-to-speech/", Duration::from_secs(3), |call| call["aborted"] == true);
    stream.read_all();
    let server = tenant.server();
    let books = Books(&server);
    assert!(books.cost(&id) <= i64::try_from(text.chars().count()).unwrap() * CHARACTER);
    assert_eq!(books.entries().len(), 1);
    // A repeat changes nothing.
    page.caller.delete(&format!("/v1/speech/{id}")).expect(204);
}

#[test]
fn ops_4_bad_speech_requests_name_the_field() {
    let tenant = tenant();
    let server = tenant.server();
    let mut wrong = Vec::new();
    let mut check = |patch: Value, param: &str| {
        let mut body = speech("Hello");
        merge(&mut body, patch);
        let error = server.post("/v1/speech", &body).refused(400, "invalid_request");
        if error["param"] != param {
            wrong.push(format!("{param}: {error}"));
        }
    };
    check(json!({"text": ""}), "text");
    check(json!({"text": "   "}), "text");
    check(json!({"text": 5}), "text");
    check(json!({"text": null}), "text");
    check(json!({"text": "x".repeat(50_000)}), "text");
    check(json!({"voice": "../../v1/user"}), "voice");
    check(json!({"voice": "a?b=c"}), "voice");
    check(json!({"format": "midi"}), "format");
    assert_eq!(wrong, Vec::<String>::new(), "fields named wrongly");
    Mocks::shared().assert_not_called(&tenant);
    assert_eq!(Books(&server).money().settled, 0);
}

#[test]
fn prx_4_what_is_not_audio_is_not_passed_on() {
    let check = |fault: &str| {
        let tenant = tenant();
        let answer = tenant.server().post("/v1/speech", &speech(&format!("Hello [[{fault}]]")));
        let error = answer.refused(502, "vendor_error");
        assert!(!error.to_string().contains(&tenant.vendor_secrets["elevenlabs"]));
        let server = tenant.server();
        let money = Books(&server).settled_money();
        assert!(money.settled <= 100 * CHARACTER, "{money:?}");
    };
    std::thread::scope(|scope| {
        for fault in ["fault:html", "fault:401", "fault:429", "fault:500"] {
            scope.spawn(move || check(fault));
        }
    });
}
