//! JSON-RPC 2.0 (<https://www.jsonrpc.org/specification>) as MCP narrows it: ids are texts or numbers, parameters objects.

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::{Value as Json, value::RawValue};

/// The body isn't JSON.
pub const PARSE_ERROR: i32 = -32_700;
/// The JSON isn't a request, or not one for here.
pub const INVALID_REQUEST: i32 = -32_600;
/// There is no such method.
pub const METHOD_NOT_FOUND: i32 = -32_601;
/// The method doesn't take such parameters.
pub const INVALID_PARAMS: i32 = -32_602;
/// The gate failed.
pub const INTERNAL_ERROR: i32 = -32_603;

/// The most messages in one batch.
const MAX_BATCH: usize = 16;
/// The longest id, in bytes.
const MAX_ID: usize = 256;

/// An id, given back exactly as it came: `1.0` isn't `1`.
pub type Id = Box<RawValue>;

/// A request's body.
pub enum Body {
    One(Box<RawValue>),
    Batch(Vec<Box<RawValue>>),
}

/// One message.
#[derive(Debug)]
pub enum Message {
    Request(Request),
    /// A notification, or an answer to something that the gate has never asked: nothing is said to it.
    Silent,
}

/// What is to be answered.
#[derive(Debug)]
pub struct Request {
    pub id: Id,
    pub method: String,
    params: Option<Box<RawValue>>,
}

/// A JSON-RPC error.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fault {
    pub code: i32,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
}

impl Fault {
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }
}

/// A message as it comes. What is there as `null` is not what isn't there.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default, deserialize_with = "there")]
    jsonrpc: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "there")]
    id: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "there")]
    method: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "there")]
    params: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "there")]
    result: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "there")]
    error: Option<Box<RawValue>>,
}

fn there<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(from).map(Some)
}

/// Reads a body; what the messages in it are is not looked at yet.
pub fn body(bytes: &[u8]) -> Result<Body, Fault> {
    let raw: Box<RawValue> = serde_json::from_slice(bytes)
        .map_err(|error| Fault::new(PARSE_ERROR, format!("The body is no JSON: {error}.")))?;
    if !raw.get().starts_with('[') {
        return Ok(Body::One(raw));
    }
    let batch: Vec<Box<RawValue>> =
        serde_json::from_str(raw.get()).map_err(|error| Fault::new(PARSE_ERROR, error.to_string()))?;
    if (1..=MAX_BATCH).contains(&batch.len()) {
        return Ok(Body::Batch(batch));
    }
    Err(Fault::new(INVALID_REQUEST, format!("A batch has 1 to {MAX_BATCH} messages.")))
}

/// Reads one message. An error comes with the id that it is about, as far as that could be read.
pub fn message(raw: &RawValue) -> Result<Message, (Option<Id>, Fault)> {
    let wrong = |message: String| (None, Fault::new(INVALID_REQUEST, message));
    // Serde would take a list for an object's fields in their order.
    if !raw.get().starts_with('{') {
        return Err(wrong("A message is an object.".into()));
    }
    let envelope: Envelope = serde_json::from_str(raw.get()).map_err(|error| wrong(error.to_string()))?;
    let id = match envelope.id {
        None => None,
        Some(id) if is_id(&id) => Some(id),
        Some(_) => return Err(wrong(format!("`id` must be a text or a number, of at most {MAX_ID} bytes."))),
    };
    let wrong = |message: &str| Err((id.clone(), Fault::new(INVALID_REQUEST, message)));
    if text(envelope.jsonrpc.as_deref()).as_deref() != Some("2.0") {
        return wrong("`jsonrpc` must be \"2.0\".");
    }
    match (envelope.method, id.clone()) {
        (None, _) if envelope.result.is_some() != envelope.error.is_some() => Ok(Message::Silent),
        (None, _) => wrong("`method` is missing."),
        (Some(_), _) if envelope.result.is_some() || envelope.error.is_some() => {
            wrong("A message is a request or an answer, not both.")
        }
        (Some(method), id) => match (text(Some(&method)), id) {
            (None, _) => wrong("`method` must be a text."),
            (Some(_), None) => Ok(Message::Silent),
            (Some(method), Some(id)) => Ok(Message::Request(Request { id, method, params: envelope.params })),
        },
    }
}

/// What nobody can read, such as `1e999`, can't be given back either.
fn is_id(raw: &RawValue) -> bool {
    let is_readable = || serde_json::from_str::<Json>(raw.get()).is_ok_and(|id| id.is_string() || id.is_number());
    raw.get().len() <= MAX_ID && is_readable()
}

fn text(raw: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(raw?.get()).ok()
}

impl Request {
    /// Its parameters; none count as an empty object.
    pub fn params<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        let raw = self.params.as_deref().map_or("{}", RawValue::get);
        if !raw.starts_with('{') {
            return Err(Fault::new(INVALID_PARAMS, "`params` must be an object."));
        }
        serde_json::from_str(raw).map_err(|error| Fault::new(INVALID_PARAMS, format!("`params`: {error}.")))
    }
}

/// An answer, as JSON. Through `Value` an id would lose its spelling.
pub fn answer(id: Option<&RawValue>, outcome: Result<Json, Fault>) -> String {
    #[derive(Serialize)]
    struct Answer<'a> {
        jsonrpc: &'a str,
        id: Option<&'a RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<Json>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<Fault>,
    }
    let (result, error) = match outcome {
        Ok(result) => (Some(result), None),
        Err(fault) => (None, Some(fault)),
    };
    serde_json::to_string(&Answer { jsonrpc: "2.0", id, result, error }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Message, (Option<Id>, Fault)> {
        message(&RawValue::from_string(text.into()).unwrap())
    }

    #[test]
    fn a_message_is_what_the_specification_says() {
        let check = |text: &str, expected: &str| {
            let shown = |id: Option<Id>| id.map_or("-".into(), |id| id.get().to_owned());
            let found = match read(text) {
                Ok(Message::Request(request)) => format!("{} {}", request.method, shown(Some(request.id))),
                Ok(Message::Silent) => "silent".into(),
                Err((id, fault)) => format!("{} {}", fault.code, shown(id)),
            };
            assert_eq!(found, expected, "{text}");
        };
        check(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, "ping 1");
        check(r#"{"jsonrpc":"2.0","id":"a\u0062","method":"ping","more":1}"#, r#"ping "a\u0062""#);
        check(r#"{"jsonrpc":"2.0","id":1.0,"method":"ping"}"#, "ping 1.0");
        check(r#"{"jsonrpc":"2.0","id":-90071992547409931234,"method":"ping"}"#, "ping -90071992547409931234");
        check(r#"{"jsonrpc":"2.0","id":"","method":"ping"}"#, r#"ping """#);
        // Nothing is said to these.
        check(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, "silent");
        check(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "silent");
        check(r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}"#, "silent");
        // These are no messages.
        for (text, expected) in [
            ("5", "-32600 -"),
            ("null", "-32600 -"),
            (r#""ping""#, "-32600 -"),
            (r#"["2.0",1,"ping"]"#, "-32600 -"),
            ("{}", "-32600 -"),
            (r#"{"id":1,"method":"ping"}"#, "-32600 1"),
            (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, "-32600 1"),
            (r#"{"jsonrpc":"2.0","id":1e999,"method":"ping"}"#, "-32600 -"),
            (r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, "-32600 1"),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, "-32600 -"),
            (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, "-32600 -"),
            (r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, "-32600 -"),
            (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, "-32600 -"),
            (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, "-32600 1"),
            (r#"{"jsonrpc":"2.0","id":1,"method":null}"#, "-32600 1"),
            (r#"{"jsonrpc":"2.0","id":1}"#, "-32600 1"),
            (r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#, "-32600 1"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#, "-32600 1"),
        ] {
            check(text, expected);
        }
        check(&format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"ping"}}"#, "x".repeat(MAX_ID)), "-32600 -");
    }

    #[test]
    fn a_body_is_one_message_or_a_few() {
        let check = |text: &str, expected: Result<usize, i32>| {
            let found = match body(text.as_bytes()) {
                Ok(Body::One(_)) => Ok(0),
                Ok(Body::Batch(batch)) => Ok(batch.len()),
                Err(fault) => Err(fault.code),
            };
            assert_eq!(found, expected, "{}", &text[..text.len().min(80)]);
        };
        check(" {} ", Ok(0));
        check("[{},5]", Ok(2));
        check("[]", Err(INVALID_REQUEST));
        check(&format!("[{}]", ["{}"; MAX_BATCH].join(",")), Ok(MAX_BATCH));
        check(&format!("[{}]", ["{}"; MAX_BATCH + 1].join(",")), Err(INVALID_REQUEST));
        for wrong in ["", "{", "{}}", "{\"a\":}", "\u{feff}{}", "nil", "[{}", "[1,]"] {
            check(wrong, Err(PARSE_ERROR));
        }
        // Neither eats the stack.
        check(&"[".repeat(1_000_000), Err(PARSE_ERROR));
        check(&format!("{}{}", "[".repeat(400_000), "]".repeat(400_000)), Ok(1));
    }

    #[test]
    fn parameters_are_an_object() {
        let check = |params: &str, expected: Result<u8, i32>| {
            #[derive(Deserialize)]
            struct Params {
                #[serde(default)]
                a: u8,
            }
            let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m"{params}}}"#);
            let Ok(Message::Request(request)) = read(&text) else { panic!("{text}") };
            let found = request.params::<Params>().map(|params| params.a).map_err(|fault| fault.code);
            assert_eq!(found, expected, "{params}");
        };
        check("", Ok(0));
        check(r#","params":{"a":7}"#, Ok(7));
        for wrong in ["null", "[7]", "7", r#"{"a":"7"}"#, r#"{"a":1,"a":2}"#] {
            check(&format!(r#","params":{wrong}"#), Err(INVALID_PARAMS));
        }
        let deep = format!(r#","params":{{"a":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        check(&deep, Err(INVALID_PARAMS));
    }

    #[test]
    fn an_answer_has_the_id_as_it_came() {
        let id = |text: &str| RawValue::from_string(text.into()).unwrap();
        let check = |id: Option<&RawValue>, outcome, expected: &str| assert_eq!(answer(id, outcome), expected);
        let one = id("1.0");
        check(Some(&one), Ok(json!({})), r#"{"jsonrpc":"2.0","id":1.0,"result":{}}"#);
        let fault = Fault::new(PARSE_ERROR, "no");
        check(None, Err(fault), r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}"#);
    }
}
