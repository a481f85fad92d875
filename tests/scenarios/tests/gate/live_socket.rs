//! TWN-3: live events by WebSocket, at the path of the source document, are the events of `/v1/live`.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use scenarios::tenant::ORIGIN;
use scenarios::{Gate, Mocks, Tenant, Value, eventually, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::client::Response;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message, WebSocket};

const PATH: &str = "/api/metatwin/live";
const LIMIT: Duration = Duration::from_secs(15);

type Socket = WebSocket<TcpStream>;

/// Opens a socket as a program of another make does it.
fn open(gate: &Gate, query: &str, headers: &[(&'static str, String)]) -> Result<(Socket, Response), u16> {
    let address = gate.url.strip_prefix("http://").expect("an address");
    let stream = TcpStream::connect(address).expect("the gate listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a timeout");
    let mut request = format!("ws://{address}{PATH}{query}").into_client_request().expect("a request");
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().expect("a header"));
    }
    match tungstenite::client(request, stream) {
        Ok(opened) => Ok(opened),
        Err(tungstenite::HandshakeError::Failure(Error::Http(response))) => Err(response.status().as_u16()),
        Err(error) => panic!("{error:?}"),
    }
}

fn bearer(key: &str) -> Vec<(&'static str, String)> {
    vec![("authorization", format!("Bearer {key}"))]
}

/// As a page has to do it: no header is its own to set.
fn page(token: &str) -> Vec<(&'static str, String)> {
    let protocols = format!("tollgate, tollgate.bearer.{token}");
    vec![("origin", ORIGIN.into()), ("sec-websocket-protocol", protocols)]
}

/// The next message that is an event of this kind.
#[track_caller]
fn event(socket: &mut Socket, kind: &str) -> Value {
    let deadline = Instant::now() + LIMIT;
    while Instant::now() < deadline {
        match socket.read().expect("a message") {
            Message::Text(text) => {
                let event: Value = serde_json_of(&text);
                if event["type"] == kind {
                    return event;
                }
            }
            Message::Ping(_) => {}
            other => panic!("{other:?}"),
        }
    }
    panic!("no {kind} within {LIMIT:?}");
}

fn serde_json_of(text: &str) -> Value {
    text.parse().unwrap_or_else(|_| panic!("not JSON: {text}"))
}

/// The code that it is closed with.
#[track_caller]
fn closed(socket: &mut Socket) -> CloseCode {
    loop {
        match socket.read() {
            Ok(Message::Close(frame)) => return frame.expect("a code").code,
            Ok(_) => {}
            Err(error) => panic!("it broke off: {error}"),
        }
    }
}

#[test]
fn twn_3_live_events_come_by_websocket() {
    let mut gate = Gate::start();
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    let first = tenant.page();
    first.end().done();
    eventually("the first end to be told", LIMIT, || {
        let pages = tenant.server().get("/v1/events").expect(200);
        let ended = |event: &Value| event["type"] == "session.ended" && event["data"]["session"] == first.id;
        pages["events"].as_array().expect("a list").iter().any(ended).then_some(())
    });

    // Of a tenant's server: what happens from now on, in order, each with its place.
    let (mut server, answer) = open(&gate, "", &bearer(&tenant.secret_key)).expect("a socket");
    assert_eq!((answer.status().as_u16(), answer.headers().get("sec-websocket-protocol")), (101, None));
    let second = tenant.page();
    second.end().done();
    let ended = event(&mut server, "session.ended");
    assert_eq!(ended["data"]["session"], second.id, "{ended}");
    let cursor = ended["cursor"].as_u64().expect("a place");

    // From a place on, the same events again: as the pages of JSON have them.
    let (mut again, _) = open(&gate, "?after=0", &bearer(&tenant.secret_key)).expect("a socket");
    let before = event(&mut again, "session.ended");
    assert_eq!(before["data"]["session"], first.id, "{before}");
    assert_eq!(event(&mut again, "session.ended"), ended);
    let pages = tenant.server().get("/v1/events").expect(200);
    let listed = pages["events"].as_array().expect("a list").iter().find(|event| event["cursor"] == cursor);
    assert_eq!(listed, Some(&ended), "{pages}");
    let (mut later, _) = open(&gate, &format!("?after={cursor}"), &bearer(&tenant.secret_key)).expect("a socket");

    // A page's socket has its credential among its protocols, and sees its own session alone.
    let (mine, other) = (tenant.page(), tenant.page());
    let (mut own, answer) = open(&gate, "", &page(&mine.token)).expect("a socket");
    assert_eq!(answer.headers()["sec-websocket-protocol"], "tollgate");
    other.end().done();
    mine.end().done();
    assert_eq!(event(&mut own, "session.ended")["data"]["session"], mine.id);
    // Its session is over, and so is its stream.
    assert_eq!(closed(&mut own), CloseCode::Restart);
    assert_eq!(event(&mut later, "session.ended")["data"]["session"], other.id);

    // Who says more than there is to say is told so.
    for n in 0..102 {
        drop(again.send(Message::text(format!("hello {n}"))));
    }
    assert_eq!(closed(&mut again), CloseCode::Policy);

    // A gate that stops says so, and doesn't wait for clients.
    gate.sigterm();
    let asked = Instant::now();
    assert_eq!(closed(&mut later), CloseCode::Away);
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    drop((server, later));
    assert!(gate.wait_for_end(Duration::from_secs(12)).success());
    gate.restart();
    let (mut after, _) = open(&gate, &format!("?after={cursor}"), &bearer(&tenant.secret_key)).expect("a socket");
    assert_eq!(event(&mut after, "session.ended")["data"]["session"], other.id, "it goes on where it was");
}

#[test]
fn twn_3_a_socket_is_refused_as_a_request_is() {
    let gate = Gate::shared();
    let tenant = Tenant::at(gate, Mocks::shared(), json!({}));
    let token = tenant.page().token;
    let refused = |query: &str, headers: &[(&'static str, String)], status: u16| {
        assert_eq!(open(gate, query, headers).map(|_| ()).expect_err("no socket"), status, "{query} {headers:?}");
    };
    refused("", &[], 401);
    refused("", &bearer("tg_sk_unknown"), 401);
    refused("?after=never", &bearer(&tenant.secret_key), 400);
    // A page's credential is good on its own page alone.
    let elsewhere = |(name, value): (&'static str, String)| match name {
        "origin" => (name, "https://elsewhere.example".to_owned()),
        _ => (name, value),
    };
    refused("", &page(&token).into_iter().map(elsewhere).collect::<Vec<_>>(), 403);
    refused("", &page("tgs_ses_unknown.x"), 401);
    // And none of it is written down, not even by a query that names it.
    refused(&format!("?access_token={token}"), &[], 401);

    // What is no version of the protocol.
    let caller = gate.stranger().with_bearer(&tenant.secret_key);
    let upgrade = |version: &str, key: &str| {
        let call = caller.call("GET", PATH).header("connection", "Upgrade").header("upgrade", "websocket");
        call.header("sec-websocket-version", version).header("sec-websocket-key", key).send()
    };
    let old = upgrade("8", "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!((old.status, old.header("sec-websocket-version")), (426, Some("13")));
    upgrade("13", "short").refused(400, "invalid_request");
}

#[test]
fn twn_3_a_socket_takes_a_place_like_a_stream() {
    let gate = Gate::start_with(&["--max-concurrent-requests", "4"]);
    let tenant = Tenant::at(&gate, Mocks::shared(), json!({}));
    let key = bearer(&tenant.secret_key);
    let mut sockets: Vec<_> = (0..4).map(|_| open(&gate, "", &key).expect("a socket").0).collect();
    assert_eq!(open(&gate, "", &key).map(|_| ()).expect_err("no socket"), 503);
    let mut left = sockets.pop().expect("a socket");
    left.close(None).expect("a close");
    while left.read().is_ok() {}
    open(&gate, "", &key).expect("its place is free again");
}
