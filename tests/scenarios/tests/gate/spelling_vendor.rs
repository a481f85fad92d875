//! A vendor in OpenAI's shape that spells what it was told: a streamed answer has one character per chunk, so that
//! whatever must be found in it is cut at every place.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use scenarios::{Value, json};

/// Its thread ends with the tests.
pub struct SpellingVendor {
    pub base_url: String,
    heard: Arc<Mutex<Vec<Value>>>,
}

impl SpellingVendor {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base_url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = heard.clone();
        thread::spawn(move || {
            for mut connection in listener.incoming().flatten() {
                let hears = hears.clone();
                // A gate that goes away breaks its connection: nobody is left to be told.
                thread::spawn(move || {
                    let request = read(&mut connection)?;
                    hears.lock().expect("not poisoned").push(request.clone());
                    answer(&mut connection, &request)
                });
            }
        });
        Self { base_url, heard }
    }

    /// The bodies of all requests.
    pub fn heard(&self) -> Vec<Value> {
        self.heard.lock().expect("not poisoned").clone()
    }
}

/// The body of a request, which is sent in one piece or one chunk.
pub fn read(connection: &mut TcpStream) -> std::io::Result<Value> {
    connection.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut request = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        match connection.read(&mut chunk)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            length => request.extend_from_slice(&chunk[..length]),
        }
        let text = String::from_utf8_lossy(&request);
        let body = text.find('{').zip(text.rfind('}')).map(|(from, to)| &text[from..=to]);
        if let Some(body) = body.and_then(|body| serde_json::from_str(body).ok()) {
            return Ok(body);
        }
    }
}

/// Says the last message; where there is a tool, calls it with the last message.
fn answer(connection: &mut TcpStream, request: &Value) -> std::io::Result<()> {
    let said = request["messages"].as_array().and_then(|messages| messages.last()?["content"].as_str());
    let said = said.unwrap_or_default();
    let tool = request["tools"][0]["function"]["name"].as_str();
    let events = stream(said, tool);
    write!(connection, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")?;
    for event in events {
        connection.write_all(format!("data: {event}\n\n").as_bytes())?;
        connection.flush()?;
    }
    Ok(())
}

fn stream(said: &str, tool: Option<&str>) -> Vec<String> {
    let chunk = |choices: Value, usage: Value| {
        json!({"id": "chatcmpl-spelt", "object": "chat.completion.chunk", "created": 1_700_000_000,
            "model": "gpt-4.1-mini", "choices": choices, "usage": usage})
        .to_string()
    };
    let delta = |delta: Value| chunk(json!([{"index": 0, "delta": delta, "finish_reason": null}]), Value::Null);
    let mut events = vec![delta(json!({"role": "assistant", "content": ""}))];
    let (text, finish) = match tool {
        Some(name) => {
            let function = json!({"name": name, "arguments": ""});
            let call = json!({"index": 0, "id": "call_1", "type": "function", "function": function});
            events.push(delta(json!({"tool_calls": [call]})));
            (json!({ "said": said }).to_string(), "tool_calls")
        }
        None => (said.to_owned(), "stop"),
    };
    events.extend(text.chars().map(|letter| {
        let letter = letter.to_string();
        delta(match tool {
            Some(_) => json!({"tool_calls": [{"index": 0, "function": {"arguments": letter}}]}),
            None => json!({"content": letter}),
        })
    }));
    events.push(chunk(json!([{"index": 0, "delta": {}, "finish_reason": finish}]), Value::Null));
    let usage = json!({"prompt_tokens": 7, "completion_tokens": 11, "total_tokens": 18});
    events.push(chunk(json!([]), usage));
    events.push("[DONE]".to_owned());
    events
}
