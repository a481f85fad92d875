//! Deliveries that are damaged before they are signed: what stands behind the signature is read, and must be borne.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use calendar::Millis;
use fuzz::{Case, hold};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use webhooks::signature::{Headers, Scheme, Secrets, SignatureError, Verified, verify};

use crate::{as_another_reads, millis, require};

const SECRET: &str = "key-1:secret-of-all";
const NOW: u64 = 1_795_165_200;

fn mac(secret: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret.as_bytes()).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The headers with which a vendor sends this body.
fn signed(scheme: Scheme, body: &[u8]) -> Vec<(&'static str, String)> {
    let time = NOW.to_string();
    let timed = || hex(&mac(SECRET, &[time.as_bytes(), b".", body]));
    match scheme {
        Scheme::Generic => {
            let tag = hex(&mac(SECRET, &[time.as_bytes(), b".req-1.", body]));
            vec![("x-signature", tag), ("x-request-id", "req-1".into()), ("x-timestamp", time)]
        }
        Scheme::StandardWebhooks => {
            let tag = BASE64_STANDARD.encode(mac(SECRET, &[b"msg_1.", time.as_bytes(), b".", body]));
            vec![
                ("webhook-id", "msg_1".into()),
                ("webhook-timestamp", time),
                ("webhook-signature", format!("v1,{tag}")),
            ]
        }
        Scheme::ElevenLabs => vec![("elevenlabs-signature", format!("t={time},v0={}", timed()))],
        Scheme::Stripe => vec![("stripe-signature", format!("t={time},v1={}", timed()))],
        Scheme::UploadPost => {
            let tag = format!("sha256={}", timed());
            vec![("x-upload-post-signature", tag), ("x-upload-post-timestamp", time)]
        }
        Scheme::HeyGen => vec![("heygen-signature", hex(&mac(SECRET, &[body]))), ("heygen-timestamp", time)],
        Scheme::GitHub => vec![("x-hub-signature-256", format!("sha256={}", hex(&mac(SECRET, &[body]))))],
        Scheme::Telegram => vec![("x-telegram-bot-api-secret-token", "a_B-1".into())],
        Scheme::Kie => {
            let tag = BASE64_STANDARD.encode(mac(SECRET, &[b"task-1.", time.as_bytes()]));
            vec![("x-webhook-signature", tag), ("x-webhook-timestamp", time)]
        }
        Scheme::LiveKit => panic!("LiveKit signs a token"),
    }
}

fn judge(scheme: Scheme, headers: &[(&str, String)], body: &[u8]) -> Result<Verified, SignatureError> {
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let secret = if scheme == Scheme::Telegram { "a_B-1" } else { SECRET };
    verify(scheme, &Secrets::parse(secret).unwrap(), &Headers(&headers), body, Millis(NOW * 1_000))
}

/// What kie signs is the task's id, wherever it stands, and nothing else of the body.
fn names_that_task_alone(body: &[u8]) -> bool {
    let Some(value) = as_another_reads(body) else { return true };
    let places = ["/taskId", "/task_id", "/data/taskId", "/data/task_id"];
    let mut ids = places.iter().filter_map(|place| value.pointer(place)).filter(|id| !id.is_null()).peekable();
    ids.peek().is_some() && ids.all(|id| id == "task-1")
}

#[test]
fn what_is_signed_is_believed_whatever_it_says() {
    let bodies = [
        r#"{"id": "evt_1", "update_id": 5, "taskId": "task-1", "type": "x", "data": {"task_id": "task-1"}}"#,
        r#"{"update_id": 10000, "message": {"text": "Hi"}}"#,
        r#"{"data": {"taskId": "task-1"}, "code": 200}"#,
        "no JSON at all",
    ];
    let corpus: Vec<Case> = bodies.iter().map(|body| vec![body.as_bytes().to_vec()]).collect();
    let schemes = [
        Scheme::Generic,
        Scheme::StandardWebhooks,
        Scheme::ElevenLabs,
        Scheme::Stripe,
        Scheme::UploadPost,
        Scheme::HeyGen,
        Scheme::GitHub,
        Scheme::Telegram,
        Scheme::Kie,
    ];
    for scheme in schemes {
        hold(&format!("signed by {}", scheme.name()), &corpus, millis(250), |case| {
            let body = &case[0];
            let found = judge(scheme, &signed(scheme, body), body);
            match (&found, scheme) {
                (Ok(verified), _) => {
                    let id = verified.id.as_deref();
                    let plain = |id: &str| id.len() <= 256 && id.bytes().all(|byte| byte.is_ascii_graphic());
                    require(id.is_none_or(plain), || format!("{id:?} is no id"))?;
                    let named = scheme != Scheme::Kie || (id == Some("task-1") && names_that_task_alone(body));
                    require(named, || format!("the task {id:?} isn't the one that was signed"))
                }
                (Err(_), Scheme::Kie) => Ok(()),
                (Err(error), _) => Err(format!("what was signed is refused: {error}")),
            }
        });
    }
}

/// A token is read before it is verified, and its claims afterwards. Whoever has the secret may write what he likes into
/// it, and visitors have tokens of the same secret; but only one for this body, in time, is a webhook.
#[test]
fn a_token_is_good_for_its_own_body_alone() {
    let body = br#"{"event":"room_finished","id":"EV_1","room":{"name":"vid_1"}}"#;
    let hash = BASE64_STANDARD.encode(Sha256::digest(body));
    let claims = format!(r#"{{"iss":"key-1","nbf":{NOW},"exp":{},"sha256":"{hash}"}}"#, NOW + 60);
    let visitor = format!(r#"{{"iss":"key-1","nbf":{NOW},"exp":{},"video":{{"room":"vid_1"}}}}"#, NOW + 60);
    let header = br#"{"alg":"HS256","typ":"JWT"}"#;
    let corpus: Vec<Case> = [claims, visitor]
        .into_iter()
        .map(|claims| vec![header.to_vec(), claims.into_bytes(), body.to_vec(), Vec::new()])
        .collect();
    hold("signed by livekit", &corpus, millis(900), |case| {
        let [header, claims, body, behind] = case.as_slice() else { panic!("four parts") };
        let [head, payload] = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
        let tag = BASE64_URL_SAFE_NO_PAD.encode(mac("secret-of-all", &[head.as_bytes(), b".", payload.as_bytes()]));
        let token = format!("{head}.{payload}.{tag}{}", String::from_utf8_lossy(behind));
        if judge(Scheme::LiveKit, &[("authorization", token)], body).is_err() {
            return Ok(());
        }
        let (Some(header), Some(claims)) = (as_another_reads(header), as_another_reads(claims)) else { return Ok(()) };
        require(header["alg"] == "HS256" && header["crit"].is_null(), || format!("the header {header} is taken"))?;
        let hash = claims["sha256"].as_str().and_then(|hash| BASE64_STANDARD.decode(hash).ok());
        // The gate also takes base64 without its padding, which this decoder doesn't.
        let fits = hash.is_none_or(|hash| hash == Sha256::digest(body).as_slice()) && claims["sha256"].is_string();
        require(fits, || "a token for another body is taken".to_owned())?;
        let exp = claims["exp"].as_u64().unwrap_or_default();
        require(exp.saturating_add(60) >= NOW, || format!("a token of {exp} is taken at {NOW}"))
    });
}
