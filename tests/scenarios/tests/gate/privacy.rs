//! PRX-6: personal data is masked before it leaves and put back in the answer, and stands in no log and no store.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use scenarios::sse::Chunks;
use scenarios::{Books, Mocks, Tenant, Value, eventually, json, unique};

use crate::many_vendors::{ANTHROPIC, OPENAI, VENDORS, ask, ask_streamed, calls_to, gate, tenant};
use crate::spelling_vendor::SpellingVendor;

/// What a visitor tells: an address of this run, a telephone number, a card's number, an account's number.
pub fn told() -> &'static [String; 4] {
    static TOLD: OnceLock<[String; 4]> = OnceLock::new();
    TOLD.get_or_init(|| {
        let address = format!("{}@example.com", &unique("anna.")[..14]);
        [address, "+49 30 90182 7431".into(), "4539 5787 6362 1486".into(), "DE89370400440532013000".into()]
    })
}

const PLACEHOLDERS: [&str; 4] = ["[EMAIL_1]", "[PHONE_1]", "[CARD_1]", "[NATIONAL_ID_1]"];

pub fn message(words: &[String; 4]) -> String {
    format!("I am {}, {}, {}, {}.", words[0], words[1], words[2], words[3])
}

fn masked_message() -> String {
    message(&PLACEHOLDERS.map(str::to_owned))
}

fn discreet() -> Tenant {
    tenant(json!({"privacy": {"mask": ["email", "phone", "card", "national_id"]}}))
}

#[track_caller]
fn assert_untold(text: &str, whose: &str) {
    for word in told() {
        assert!(!text.contains(word.as_str()), "{whose}: {word} in {text}");
        let digits = word.replace(' ', "");
        assert!(!text.contains(&digits), "{whose}: {digits} in {text}");
    }
}

#[test]
fn prx_6_no_vendor_hears_of_it_and_the_page_gets_it_back() {
    for vendor in VENDORS {
        let tenant = discreet();
        let server = tenant.server();
        let said = message(told());

        let whole = server.post("/v1/chat/completions", &ask(vendor.model, &said)).expect(200);
        let text = whole["choices"][0]["message"]["content"].as_str().unwrap();
        assert!(text.contains(&said), "{}: {text}", vendor.name);

        let streamed = server.post("/v1/chat/completions", &ask_streamed(vendor.model, &said));
        let chunks = Chunks::parse(&streamed.body);
        assert!(chunks.done && chunks.content().contains(&said), "{}: {}", vendor.name, chunks.content());

        let calls = calls_to(&tenant, vendor);
        assert_eq!(calls.len(), 2);
        for call in &calls {
            assert_untold(&call.to_string(), vendor.name);
            assert!(call["body"].to_string().contains(&masked_message()), "{}: {call}", vendor.name);
        }
    }
}

/// A conversation in which it stands wherever it may stand.
fn conversation(model: &str) -> Value {
    let [address, phone, card, account] = told();
    let arguments = json!({"to": address, "phone": phone}).to_string();
    let call = json!({"id": "call_9", "type": "function", "function": {"name": "write", "arguments": arguments}});
    let parameters = json!({"type": "object", "properties": {"question": {"type": "string"}}});
    let function = json!({"name": "write", "description": "Writes.", "parameters": parameters});
    json!({
        "model": model, "max_tokens": 64, "tools": [{"type": "function", "function": function}],
        "messages": [
            {"role": "system", "content": format!("The visitor is {address}.")},
            {"role": "user", "content": [{"type": "text", "text": format!("My card is {card}")}]},
            {"role": "assistant", "content": null, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_9", "content": format!("{{\"account\": \"{account}\"}}")},
            {"role": "user", "content": format!("Write to {address} [[tool]]")},
        ],
    })
}

#[test]
fn prx_6_tools_are_told_nothing_at_the_vendor_and_all_of_it_at_the_page() {
    for vendor in VENDORS {
        let tenant = discreet();
        let server = tenant.server();
        let check = |arguments: &str| {
            let arguments: Value = serde_json::from_str(arguments).expect("arguments are JSON");
            let question = format!("Write to {}", told()[0]);
            assert_eq!(arguments["question"], question.as_str(), "{}: {arguments}", vendor.name);
        };
        let mut body = conversation(vendor.model);
        let whole = server.post("/v1/chat/completions", &body).expect(200);
        check(whole["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"].as_str().unwrap());

        body["stream"] = json!(true);
        let chunks = Chunks::parse(&server.post("/v1/chat/completions", &body).body);
        let pieces = chunks
            .events
            .iter()
            .filter_map(|event| event["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"].as_str());
        check(&pieces.collect::<String>());
        for call in calls_to(&tenant, vendor) {
            assert_untold(&call.to_string(), vendor.name);
        }
    }
}

#[test]
fn prx_6_it_comes_back_wherever_the_vendor_cuts_it() {
    let vendor = SpellingVendor::start();
    let mut tenant = discreet();
    tenant.bind(gate(), "openai", Mocks::shared(), json!({"base_url": vendor.base_url}));
    let said = message(told());
    let answer = tenant.server().post("/v1/chat/completions", &ask_streamed(OPENAI.model, &said));
    let chunks = Chunks::parse(&answer.body);
    assert!(chunks.done, "{}", answer.text());
    assert_eq!(chunks.content(), said);

    let mut body = ask_streamed(OPENAI.model, &said);
    body["tools"] = json!([{"type": "function", "function": {"name": "write", "parameters": {"type": "object"}}}]);
    let answer = tenant.server().post("/v1/chat/completions", &body);
    let chunks = Chunks::parse(&answer.body);
    let arguments: String = chunks
        .events
        .iter()
        .filter_map(|event| event["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"].as_str())
        .collect();
    assert_eq!(serde_json::from_str::<Value>(&arguments).unwrap(), json!({ "said": said }));
    for heard in vendor.heard() {
        assert_untold(&heard.to_string(), "the spelling vendor");
        assert!(heard.to_string().contains(&masked_message()));
    }
    assert_eq!(vendor.heard().len(), 2);
}

#[test]
fn prx_6_each_tenant_masks_what_it_wants() {
    let check = |mask: Value, hidden: [bool; 4]| {
        let tenant = tenant(json!({"privacy": {"mask": mask}}));
        let said = message(told());
        let answer = tenant.server().post("/v1/chat/completions", &ask(OPENAI.model, &said)).expect(200);
        assert!(answer["choices"][0]["message"]["content"].as_str().unwrap().contains(&said), "{answer}");
        let sent = calls_to(&tenant, OPENAI)[0]["body"].to_string();
        for ((word, placeholder), is_hidden) in told().iter().zip(PLACEHOLDERS).zip(hidden) {
            assert_eq!(sent.contains(word.as_str()), !is_hidden, "{mask}: {word} in {sent}");
            assert_eq!(sent.contains(placeholder), is_hidden, "{mask}: {placeholder} in {sent}");
        }
    };
    check(json!([]), [false; 4]);
    check(json!(["email"]), [true, false, false, false]);
    check(json!(["card", "phone"]), [false, true, true, false]);
    check(json!(["email", "phone", "card", "national_id"]), [true; 4]);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.flat_map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { vec![entry.path()] }).collect()
}

#[test]
fn prx_6_no_log_and_no_store_has_it() {
    let [said, discreet] = [message(told()), unique("discreet-")];
    let mut talkers = vec![self::discreet(), tenant(json!({}))];
    for tenant in &mut talkers {
        let server = tenant.server();
        for (words, key) in [
            ("", "k-1"),
            ("[[fault:400]]", "k-2"),
            ("[[fault:500]]", "k-3"),
            ("[[fault:garble]]", "k-4"),
            ("[[cut:400]]", "k-5"),
        ] {
            for body in [
                ask(OPENAI.model, &format!("{said} {words}")),
                ask_streamed(ANTHROPIC.model, &format!("{said} {words}")),
            ] {
                let key = format!("{key}-{}", body["model"]).replace('"', "");
                let call = server.call("POST", "/v1/chat/completions").header("idempotency-key", &key).json(&body);
                call.open().read_all();
            }
        }
        for nonsense in [
            json!({"model": said, "messages": 1}),
            json!({"model": OPENAI.model, "messages": [{"role": said, "content": said}]}),
        ] {
            let answer = server.post("/v1/chat/completions", &nonsense);
            assert!(answer.status >= 400, "{}", answer.text());
        }
        Books(&server).settled_money();
    }
    // Something that must be there, so that the search is known to see.
    let mark = json!({"display_name": discreet});
    gate().admin().patch(&format!("/v1/tenants/{}", talkers[0].id), &mark).expect(200);
    let contains = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    let places =
        || files(gate().folder()).into_iter().filter_map(|file| fs::read(&file).ok().map(|bytes| (file, bytes)));
    eventually("the store to be written", Duration::from_secs(5), || {
        places().any(|(_, bytes)| contains(&bytes, &discreet)).then_some(())
    });
    assert!(
        places().any(|(file, bytes)| file.extension().is_some_and(|end| end == "err") && !bytes.is_empty()),
        "a log"
    );
    for (file, bytes) in places() {
        for word in told() {
            assert!(!contains(&bytes, word), "{word} is in {}", file.display());
        }
    }
}
