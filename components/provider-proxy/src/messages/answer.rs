//! What is said to somebody: the answer to a question, or to a command.

use calendar::MINUTE;
use kv_schemas::{Store, StoreError};
use messaging::{Conversation, Message, State};
use serde_json::Value as Json;
use shell::{KeyValue, Problem, host};
use tenancy::Tenant;

use super::{
    commands::{self, Command},
    names::named,
};
use crate::{
    bindings::sessions::{Caller, Grant},
    chat,
    keyed::{Failed, Keyed, Origin},
    vendor,
};

/// A question that can't be answered for so long is told so.
const PATIENCE_MS: u64 = 5 * MINUTE;
/// What is said where nothing else can be.
const SORRY: &str = "Sorry, I could not answer that. Please ask me again later.";

/// What a message wants.
#[derive(Debug, PartialEq)]
pub enum Kind {
    /// Nothing that is given here.
    Nothing,
    Question,
    /// `None`: one that this conversation may not give.
    Command(Option<Command>),
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    Text(String),
    /// Nothing yet. Where it was `asked`, it goes on under the same permit.
    Later {
        wanted_ms: Option<u64>,
        asked: bool,
    },
}

/// Who may do what: only conversations on the binding's list are served; `open` lets all others ask.
pub fn kind_of(store: &dyn Store, message: &Message) -> Result<Kind, StoreError> {
    let Conversation { tenant, provider, id } = &message.conversation;
    let binding = tenancy::vendor_binding(tenant, provider).get(store)?;
    let Some(binding) = binding.filter(|binding| binding.sealed_secret.is_some()) else { return Ok(Kind::Nothing) };
    if tenancy::find_tenant(store, tenant)?.is_none() {
        return Ok(Kind::Nothing);
    }
    let listed = binding.options.get("chats").and_then(Json::as_array).is_some_and(|chats| {
        chats.iter().any(|chat| chat.as_str() == Some(id) || chat.as_i64().is_some_and(|chat| chat.to_string() == *id))
    });
    let open = binding.options.get("open") == Some(&Json::Bool(true));
    Ok(match (commands::read(&message.text), listed, open) {
        (_, false, false) => Kind::Nothing,
        (Some(Command::Help), _, _) => Kind::Command(Some(Command::Help)),
        (Some(_), false, true) => Kind::Command(None),
        (Some(command), true, _) => Kind::Command(Some(command)),
        (None, _, _) => Kind::Question,
    })
}

/// What the tenant lets its own server do, under a name of the conversation's own, so that each has a rate of its own.
pub fn grant(conversation: &Conversation) -> Grant {
    Grant {
        caller: Caller::Server,
        tenant: conversation.tenant.clone(),
        session: None,
        credential: named("chat_", &[&conversation.tenant, &conversation.provider, &conversation.id]),
        channel: String::new(),
        capabilities: Vec::new(),
        origin: None,
    }
}

/// Asks as a chat is asked.
pub async fn question(store: &KeyValue, id: &str, message: &Message, state: &State, origin: Origin) -> Said {
    let tenant = match vendor::tenant(store, &message.conversation.tenant) {
        Ok(tenant) => tenant,
        Err(problem) => return later(message, &problem, origin == Origin::Resumed, SORRY),
    };
    let (grant, keyed) = (grant(&message.conversation), Keyed::named(state.token(id), origin));
    let request_id = host::new_id("req_");
    match chat::ask_named(store, &grant, &request_id, &message.text, &keyed).await {
        Ok(said) => Said::Text(match tenant.disclosure.shown() {
            Some(label) => format!("[{label}] {}", said.text),
            None => said.text,
        }),
        Err(failed) => failure(message, &tenant, &failed, origin),
    }
}

fn failure(message: &Message, tenant: &Tenant, failed: &Failed, origin: Origin) -> Said {
    let problem = failed.problem();
    eprintln!("question of {}: {} {}", message.conversation.tenant, problem.code, problem.message);
    match failed {
        // It is paid for, and nobody has the answer any more.
        Failed::Charged(_) => Said::Text(SORRY.into()),
        Failed::Free(_) => later(message, problem, false, &tenant.fallback_message),
        Failed::Early(_) => later(message, problem, origin == Origin::Resumed, &tenant.fallback_message),
    }
}

/// Again, if that may help, and not for too long. A cap is told in the tenant's own words at once.
pub fn later(message: &Message, problem: &Problem, asked: bool, fallback: &str) -> Said {
    failed_after(host::now().since(message.at), problem, asked, fallback)
}

fn failed_after(waited_ms: u64, problem: &Problem, asked: bool, fallback: &str) -> Said {
    use shell::Kind::{Burst, Internal, Offline, RateLimited, VendorError, VendorTimeout};
    let passes = matches!(problem.kind, Burst | Internal | Offline | RateLimited | VendorError | VendorTimeout);
    if passes && waited_ms < PATIENCE_MS {
        return Said::Later { wanted_ms: problem.retry_after_ms, asked };
    }
    let own = problem.fallback.as_ref().filter(|_| problem.kind != Offline).map(|fallback| fallback.message.as_str());
    Said::Text(own.unwrap_or(if fallback.is_empty() { SORRY } else { fallback }).to_owned())
}

#[cfg(test)]
mod tests {
    use calendar::Millis;
    use kv_schemas::memory::Memory;
    use problem::Fallback;
    use serde_json::json;
    use tenancy::VendorBinding;

    use super::*;

    fn message(chat: &str, text: &str) -> Message {
        let conversation = Conversation { tenant: "demo".into(), provider: "telegram".into(), id: chat.into() };
        let direction = messaging::Direction::In { sender: "7".into() };
        Message { conversation, direction, text: text.into(), at: Millis(0) }
    }

    #[test]
    fn who_is_listed_is_served_and_open_lets_others_ask() {
        let check = |options: Json, chat: &str, text: &str, expected: Kind| {
            let store = Memory::default();
            kv_schemas::families::TENANT.value(&["demo"]).set(&store, &tenancy::Tenant::new("demo", "demo")).unwrap();
            let Json::Object(options) = options else { panic!("{options}") };
            let sealed_secret = Some("sealed".into());
            let binding = VendorBinding { options: options.clone(), sealed_secret, ..VendorBinding::default() };
            tenancy::vendor_binding("demo", "telegram").set(&store, &binding).unwrap();
            assert_eq!(kind_of(&store, &message(chat, text)).unwrap(), expected, "{options:?} {chat} {text}");
        };
        let listed = || json!({ "chats": ["1", "-2"] });
        let open = || json!({ "chats": ["1"], "open": true });
        check(listed(), "1", "Hello", Kind::Question);
        check(listed(), "-2", "/projects", Kind::Command(Some(Command::Projects)));
        for text in ["Hello", "/start", "/projects", "/run clips"] {
            check(listed(), "3", text, Kind::Nothing);
            check(json!({}), "1", text, Kind::Nothing);
            check(json!({ "open": "yes" }), "1", text, Kind::Nothing);
        }
        check(open(), "3", "Hello", Kind::Question);
        check(open(), "3", "/start", Kind::Command(Some(Command::Help)));
        check(open(), "3", "/projects", Kind::Command(None));
        check(open(), "1", "/projects", Kind::Command(Some(Command::Projects)));
    }

    #[test]
    fn what_passes_is_waited_for_and_what_does_not_is_told() {
        let check = |problem: Problem, waited_ms: u64, expected: Option<&str>| {
            let said = failed_after(waited_ms, &problem, false, "asleep");
            let expected = expected.map_or(Said::Later { wanted_ms: problem.retry_after_ms, asked: false }, |text| {
                Said::Text(text.into())
            });
            assert_eq!(said, expected, "{problem:?}");
        };
        let problem = |kind| Problem { retry_after_ms: Some(9), ..Problem::new(kind, "code", "message") };
        for kind in [shell::Kind::Burst, shell::Kind::RateLimited, shell::Kind::VendorError, shell::Kind::Offline] {
            check(problem(kind), 0, None);
            check(problem(kind), PATIENCE_MS, Some("asleep"));
        }
        let own = Fallback { mode: "offline".into(), message: "spent".into() };
        check(Problem { fallback: Some(own), ..problem(shell::Kind::HardCap) }, 0, Some("spent"));
        check(problem(shell::Kind::HardCap), 0, Some("asleep"));
        check(problem(shell::Kind::Forbidden), 0, Some("asleep"));
        check(Problem::offline(), PATIENCE_MS, Some("asleep"));
    }
}
