//! What a client asks for when it opens a socket (RFC 6455, section 4.2), and by which credential.
//!
//! A page can set no header for a socket but its protocols: `new WebSocket(url, ["tollgate", "tollgate.bearer.<token>"])`.
//! One of those that were offered has to be answered: `tollgate`, so that the credential isn't repeated; it alone only
//! where nothing else was offered.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    AUTHORIZATION, CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::super::errors::Refusal;

const PROTOCOL: &str = "tollgate";
const BEARER: &str = "tollgate.bearer.";
/// The only version there is.
const VERSION: &str = "13";
/// Bytes of a client's key.
const KEY_BYTES: usize = 16;

/// See the module's description.
#[derive(Debug)]
pub struct Handshake {
    pub accept: HeaderValue,
    pub protocol: Option<HeaderValue>,
    pub authorization: Option<HeaderValue>,
}

/// Whether a request asks to become a socket.
pub fn is_upgrade<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && words(headers, &UPGRADE).any(|word| word.eq_ignore_ascii_case("websocket"))
        && words(headers, &CONNECTION).any(|word| word.eq_ignore_ascii_case("upgrade"))
}

impl Handshake {
    /// Of a request that asks for one.
    pub fn of<B>(request: &Request<B>) -> Result<Self, Refusal> {
        let headers = request.headers();
        let text =
            |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
        if text(&SEC_WEBSOCKET_VERSION) != VERSION {
            return Err(Refusal::upgrade_required());
        }
        let key = text(&SEC_WEBSOCKET_KEY);
        if !STANDARD.decode(key).is_ok_and(|key| key.len() == KEY_BYTES) {
            return Err(Refusal::invalid("sec-websocket-key", "Sec-WebSocket-Key must be 16 bytes in base64"));
        }
        let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes()))
            .map_err(|_| Refusal::invalid("sec-websocket-key", "Sec-WebSocket-Key can't be answered"))?;
        let offered: Vec<&str> = words(headers, &SEC_WEBSOCKET_PROTOCOL).collect();
        let bearer =
            offered.iter().copied().find(|protocol| protocol.len() > BEARER.len() && protocol.starts_with(BEARER));
        let protocol = offered.iter().copied().find(|protocol| *protocol == PROTOCOL).or(bearer);
        let authorization = match (headers.get(AUTHORIZATION), bearer) {
            (Some(given), _) => Some(given.clone()),
            (None, Some(bearer)) => header(&format!("Bearer {}", &bearer[BEARER.len()..])),
            (None, None) => None,
        };
        Ok(Self { accept, protocol: protocol.and_then(header), authorization })
    }
}

fn header(text: &str) -> Option<HeaderValue> {
    HeaderValue::try_from(text).ok()
}

/// The members of a list that may be in several headers.
fn words<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of the RFC's example.
    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    fn request(headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::new(());
        for (name, value) in headers {
            request.headers_mut().append(HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap());
        }
        request
    }

    #[test]
    fn twn_3_who_wants_a_socket_says_so_in_two_headers() {
        let check = |headers: &[(&str, &str)], wanted: bool| {
            assert_eq!(is_upgrade(&request(headers)), wanted, "{headers:?}");
        };
        check(&[("upgrade", "websocket"), ("connection", "Upgrade")], true);
        check(&[("upgrade", "WebSocket"), ("connection", "keep-alive, upgrade")], true);
        check(&[("upgrade", "h2c, websocket"), ("connection", "keep-alive"), ("connection", "Upgrade")], true);
        check(&[("upgrade", "websocket")], false);
        check(&[("connection", "upgrade")], false);
        check(&[("upgrade", "h2c"), ("connection", "upgrade")], false);
        let mut post = request(&[("upgrade", "websocket"), ("connection", "Upgrade")]);
        *post.method_mut() = Method::POST;
        assert!(!is_upgrade(&post));
    }

    #[test]
    fn twn_3_the_answer_and_the_credential_follow_from_what_was_offered() {
        let check = |headers: &[(&str, &str)], protocol: Option<&str>, authorization: Option<&str>| {
            let fixed = [("sec-websocket-version", "13"), ("sec-websocket-key", KEY)];
            let handshake = Handshake::of(&request(&[&fixed, headers].concat())).unwrap();
            assert_eq!(handshake.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            assert_eq!(handshake.protocol.as_ref().map(|name| name.to_str().unwrap()), protocol, "{headers:?}");
            let given = handshake.authorization.as_ref().map(|value| value.to_str().unwrap());
            assert_eq!(given, authorization, "{headers:?}");
        };
        const PROTOCOLS: &str = "sec-websocket-protocol";
        check(&[], None, None);
        check(&[("authorization", "Bearer a")], None, Some("Bearer a"));
        check(&[(PROTOCOLS, "tollgate, tollgate.bearer.tgs_1.x")], Some("tollgate"), Some("Bearer tgs_1.x"));
        check(&[(PROTOCOLS, "tollgate.bearer.b"), (PROTOCOLS, "tollgate")], Some("tollgate"), Some("Bearer b"));
        check(&[(PROTOCOLS, "chat, tollgate.bearer.b")], Some("tollgate.bearer.b"), Some("Bearer b"));
        check(&[(PROTOCOLS, "tollgate"), ("authorization", "Bearer a")], Some("tollgate"), Some("Bearer a"));
        check(
            &[(PROTOCOLS, "tollgate.bearer.b"), ("authorization", "Bearer a")],
            Some("tollgate.bearer.b"),
            Some("Bearer a"),
        );
        check(&[(PROTOCOLS, "chat, superchat")], None, None);
        check(&[(PROTOCOLS, "tollgate.bearer.")], None, None);
    }

    #[test]
    fn twn_3_what_no_socket_can_be_is_refused() {
        let check = |headers: &[(&str, &str)], status: u16| {
            let response = Handshake::of(&request(headers)).unwrap_err().into_response();
            assert_eq!(response.status(), status, "{headers:?}");
            response
        };
        let old = check(&[("sec-websocket-version", "8"), ("sec-websocket-key", KEY)], 426);
        assert_eq!(old.headers()[SEC_WEBSOCKET_VERSION], VERSION);
        check(&[("sec-websocket-key", KEY)], 426);
        check(&[("sec-websocket-version", "13")], 400);
        check(&[("sec-websocket-version", "13"), ("sec-websocket-key", "dGhl")], 400);
        check(&[("sec-websocket-version", "13"), ("sec-websocket-key", "not base64")], 400);
    }
}
