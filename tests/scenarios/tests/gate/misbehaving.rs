//! PRX-4: vendors that answer with something else than an answer. Every wait and every buffer has a bound, the permit is
//! always resolved, and nothing of it reaches the page.

use std::io::Write;
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use scenarios::scripted::{Asked, answer, open_head};
use scenarios::{Answer, Gate, ScriptedVendor, Tenant, Value, json};

use crate::every_vendor::{ask, gate, model, request, settled, tenant};

const MARK: &str = "the-vendors-own-words";
const MEGABYTE: usize = 1024 * 1024;

fn bound(vendor: &'static str, scripted: &ScriptedVendor) -> Tenant {
    tenant(gate(), vendor, &scripted.url(), json!({}))
}

/// A whole chat answer in OpenAI's shape.
fn completion(content: &str) -> Vec<u8> {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "gpt-4.1-mini",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9},
    })
    .to_string()
    .into_bytes()
}

/// The same in Anthropic's.
fn message(content: &str) -> Vec<u8> {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": model("anthropic"),
        "content": [{"type": "text", "text": content}], "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {"input_tokens": 7, "output_tokens": 2},
    })
    .to_string()
    .into_bytes()
}

#[track_caller]
fn assert_refused(what: &str, answer: &Answer) -> Value {
    let error = answer.refused(502, "vendor_error");
    assert!(error["limit_check_id"].as_str().is_some_and(|id| id.starts_with("lc_")), "{what}: {error}");
    assert!(!answer.text().contains(MARK), "{what}: {}", answer.text());
    error
}

#[test]
fn prx_4_an_answer_of_another_type_is_no_answer() {
    let check = |vendor: &'static str, media: Option<&str>, encoding: Option<&str>, body: &[u8], good: bool| {
        let mut headers = Vec::new();
        headers.extend(media.map(|media| ("content-type", media)));
        headers.extend(encoding.map(|encoding| ("content-encoding", encoding)));
        let tenant = bound(vendor, &ScriptedVendor::saying(answer(200, &headers, body)));
        let answer = ask(&tenant.page().caller, vendor, "Hello", &[]);
        let what = format!("{vendor} {media:?} {encoding:?}");
        if good {
            assert_eq!(answer.status, 200, "{what}: {}", answer.text());
        } else {
            assert_eq!(assert_refused(&what, &answer)["code"], "vendor_content_type", "{what}");
        }
        settled(&tenant);
    };
    let (json, chat, sound) = ("application/json", completion(MARK), MARK.as_bytes());
    check("openai", Some("application/json; charset=utf-8"), None, &chat, true);
    check("openai", Some("APPLICATION/JSON"), Some("identity"), &chat, true);
    for media in
        ["text/html", "text/plain", "text/event-stream", "application/jsonp", "application/json-seq", "*/*", ""]
    {
        check("openai", Some(media), None, &chat, false);
    }
    check("openai", None, None, &chat, false);
    check("anthropic", Some("text/html"), None, &message(MARK), false);
    check("newsapi", Some("text/html"), None, b"<script>", false);
    for media in ["text/html", "application/json", "image/svg+xml", "audio/mpegurl", "audio/mpeg-4"] {
        check("elevenlabs", Some(media), None, sound, false);
        check("cartesia", Some(media), None, sound, false);
    }
    // Nobody asked for an encoding, and nobody would undo it.
    for encoding in ["gzip", "br", "deflate", "zstd", "identity, gzip"] {
        check("openai", Some(json), Some(encoding), b"\x1f\x8b\x08\0\0\0\0\0", false);
        check("elevenlabs", Some("audio/mpeg"), Some(encoding), b"\x1f\x8b\x08\0\0\0\0\0", false);
    }
}

#[test]
fn prx_4_what_is_no_http_is_no_answer() {
    let check = |what: &str, bytes: Vec<u8>| {
        for vendor in ["openai", "elevenlabs", "tavus"] {
            let scripted = ScriptedVendor::saying(bytes.clone());
            let tenant = bound(vendor, &scripted);
            let asked = Instant::now();
            let answer = ask(&tenant.page().caller, vendor, "Hello", &[]);
            assert_refused(what, &answer);
            assert!(asked.elapsed() < Duration::from_secs(15), "{what}: {:?}", asked.elapsed());
            settled(&tenant);
        }
    };
    let good = |head: &str| format!("HTTP/1.1 200 OK\r\n{head}\r\n{MARK}").into_bytes();
    check("nothing", Vec::new());
    check("another protocol", format!("SSH-2.0-{MARK}\r\n").into_bytes());
    check("half a status line", b"HTTP/1.1 2".to_vec());
    check("a status out of range", b"HTTP/1.1 99 Low\r\ncontent-length: 0\r\n\r\n".to_vec());
    check("an upgrade", b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n".to_vec());
    check("two lengths", good("content-length: 5\r\ncontent-length: 7\r\n"));
    check("a header with a break in it", good("x: a\r\0b\r\ncontent-length: 5\r\n"));
    check("a megabyte of headers", good(&format!("x: {}\r\n", "y".repeat(MEGABYTE))));
    let many: String = (0..2_000).map(|index| format!("x-{index}: y\r\n")).collect();
    check("thousands of headers", good(&many));
    check("no content", answer(204, &[("content-type", "application/json")], b""));
    check("an unknown size of a chunk", good("content-type: application/json\r\ntransfer-encoding: chunked\r\n"));
}

#[test]
fn prx_4_an_answer_has_a_size() {
    /// One chunk for ever, until the gate hangs up.
    fn endless(connection: &mut TcpStream, head: &str, chunk: &[u8]) -> std::io::Result<()> {
        connection.write_all(head.as_bytes())?;
        loop {
            connection.write_all(chunk)?;
        }
    }
    let chunk: Vec<u8> = vec![b' '; 64 * 1024];
    // What is read as a whole is refused as a whole, endless or not.
    let check = |vendor: &'static str, whole: Option<usize>| {
        let chunk = chunk.clone();
        let scripted = ScriptedVendor::start(move |_: &Asked, connection: &mut TcpStream| match whole {
            Some(size) => {
                connection.write_all(&answer(200, &[("content-type", "application/json")], &vec![b' '; size]))
            }
            None => endless(connection, &open_head(200, "application/json"), &chunk),
        });
        let tenant = bound(vendor, &scripted);
        let answer = ask(&tenant.page().caller, vendor, "Hello", &[]);
        let error = assert_refused(vendor, &answer);
        assert_eq!(error["code"], "vendor_answer_too_large", "{vendor} {whole:?}: {error}");
        settled(&tenant);
    };
    std::thread::scope(|scope| {
        for vendors in [
            ["openai", "anthropic", "gemini", "deepseek"],
            ["tavus", "heygen", "livekit", "sportradar"],
            ["newsapi", "kie", "shotstack", "upload-post"],
        ] {
            let check = &check;
            scope.spawn(move || {
                for vendor in vendors {
                    check(vendor, None);
                    check(vendor, Some(10 * MEGABYTE));
                }
            });
        }
    });
    // What is passed on as it comes is cut.
    for (vendor, media, stream) in [
        ("elevenlabs", "audio/mpeg", false),
        ("cartesia", "audio/mpeg", false),
        ("openai", "text/event-stream", true),
        ("gemini", "text/event-stream", true),
    ] {
        let chunk = if stream { b": a comment\n\n".repeat(1_000) } else { chunk.clone() };
        let scripted = ScriptedVendor::start(move |_: &Asked, connection: &mut TcpStream| {
            endless(connection, &open_head(200, media), &chunk)
        });
        let tenant = bound(vendor, &scripted);
        let (method, path, mut wanted) = request(vendor, "Hello");
        if stream {
            wanted["stream"] = json!(true);
        }
        let mut answer = tenant.page().caller.call(method, &path).json(&wanted).open();
        assert_eq!(answer.status(), 200, "{vendor}");
        let (chunks, _) = answer.read_all();
        let size: usize = chunks.iter().map(Vec::len).sum();
        assert!(size < 16 * MEGABYTE, "{vendor}: {size}");
        assert!(!chunks.concat().windows(6).any(|window| window == b"[DONE]"), "{vendor}: no whole answer");
        assert!(settled(&tenant) > 0, "{vendor}: the vendor had begun");
    }
}

#[test]
fn prx_4_an_error_is_read_with_a_bound_in_size_and_time() {
    // Ten megabytes of error, in each vendor's way of saying it.
    let huge = |status: u16| {
        let words = MARK.repeat(10 * MEGABYTE / MARK.len());
        let body = json!({"error": {"message": words, "code": MARK}, "message": MARK, "detail": MARK}).to_string();
        answer(status, &[("content-type", "application/json")], body.as_bytes())
    };
    let sized = |vendor: &'static str, status: u16| {
        let tenant = bound(vendor, &ScriptedVendor::saying(huge(status)));
        let answer = ask(&tenant.page().caller, vendor, "Hello", &[]);
        let what = format!("{vendor} {status}");
        assert_refused(&what, &answer);
        assert!(answer.body.len() < 1024, "{what}: {} bytes", answer.body.len());
        assert_eq!(settled(&tenant), 0, "{what}");
    };
    // A drip that never ends; each byte comes well before anybody loses patience.
    let dripping = |vendor: &'static str| {
        let scripted = ScriptedVendor::start(|_: &Asked, connection: &mut TcpStream| {
            connection.write_all(open_head(400, "application/json").as_bytes())?;
            loop {
                connection.write_all(b" ")?;
                sleep(Duration::from_millis(100));
            }
        });
        let tenant = bound(vendor, &scripted);
        let asked = Instant::now();
        assert_refused(vendor, &ask(&tenant.page().caller, vendor, "Hello", &[]));
        assert!(asked.elapsed() < Duration::from_secs(15), "{vendor}: {:?}", asked.elapsed());
        assert_eq!(settled(&tenant), 0, "{vendor}");
    };
    std::thread::scope(|scope| {
        for vendor in ["openai", "elevenlabs", "heygen", "kie"] {
            scope.spawn(move || dripping(vendor));
        }
        scope.spawn(move || {
            for vendor in ["openai", "anthropic", "gemini", "elevenlabs", "tavus", "livekit", "newsapi", "shotstack"] {
                sized(vendor, 400);
                sized(vendor, 500);
            }
        });
    });
}

#[test]
fn prx_2_an_answer_byte_by_byte_is_the_same_answer() {
    let check = |vendor: &'static str, media: &'static str, body: Vec<u8>| {
        let dripped = body.clone();
        let scripted = ScriptedVendor::start(move |_: &Asked, connection: &mut TcpStream| {
            connection.set_nodelay(true)?;
            connection.write_all(open_head(200, media).as_bytes())?;
            for byte in &dripped {
                connection.write_all(&[*byte])?;
                sleep(Duration::from_micros(500));
            }
            Ok(())
        });
        let at_once = ScriptedVendor::saying(answer(200, &[("content-type", media)], &body));
        let answers = [&scripted, &at_once].map(|vendor_at| {
            let tenant = bound(vendor, vendor_at);
            let answer = ask(&tenant.page().caller, vendor, "Hello", &[]);
            assert_eq!(answer.status, 200, "{vendor}: {}", answer.text());
            (answer.body, settled(&tenant))
        });
        assert!(answers[0] == answers[1], "{vendor}: another answer, or another price");
        assert!(answers[0].1 > 0, "{vendor}");
    };
    check("openai", "application/json", completion("Here I am: äöü \u{1f642}."));
    check("anthropic", "application/json", message("Here I am: äöü \u{1f642}."));
    check("elevenlabs", "audio/mpeg", (0..=255).cycle().take(2_000).collect());
}

/// The head has come, the rest never does: whoever leaves meanwhile is not waited for, and the vendor is let go.
#[test]
fn prx_3_a_page_that_leaves_a_silent_vendor_ends_the_call() {
    let scripted = ScriptedVendor::start(|_: &Asked, connection: &mut TcpStream| {
        connection.write_all(open_head(200, "audio/mpeg").as_bytes())?;
        connection.write_all(&[0; 4096])?;
        sleep(Duration::from_secs(2));
        // Half a minute of silence would follow; the gate must be gone well before.
        loop {
            connection.write_all(&[0])?;
            sleep(Duration::from_millis(200));
        }
    });
    let tenant = bound("elevenlabs", &scripted);
    let (method, path, wanted) = request("elevenlabs", "Hello");
    let mut stream = tenant.page().caller.call(method, &path).json(&wanted).open();
    assert_eq!(stream.status(), 200);
    stream.try_read().unwrap();
    drop(stream);
    assert!(settled(&tenant) > 0);
}

/// After all of this the gate still answers.
#[test]
fn prx_4_a_bad_vendor_is_bad_for_nobody_else() {
    let gate: &Gate = gate();
    let bad = ScriptedVendor::saying("HTTP/1.1 200 OK\r\n\r\nnonsense");
    let good = ScriptedVendor::saying(answer(200, &[("content-type", "application/json")], &completion("Here.")));
    let (one, other) = (tenant(gate, "openai", &bad.url(), json!({})), tenant(gate, "openai", &good.url(), json!({})));
    for _ in 0..10 {
        assert_refused("bad", &ask(&one.server(), "openai", "Hello", &[]));
        assert_eq!(ask(&other.server(), "openai", "Hello", &[]).status, 200);
    }
}
