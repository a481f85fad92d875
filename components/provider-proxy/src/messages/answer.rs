//! What is said to somebody: the answer to a question, or to a command.

use calendar::MINUTE;
use kv_schemas::{Store, StoreError};
use messaging::{Conversation, Message, State};
use serde_json::Value as Json;
use shell::{KeyValue, Problem, host};
use tenancy::{Tenant, VendorBinding};

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

/// Who may do what: only conversations on the binding's list are served; `open` lets all others ask, as far as the tenant
/// serves whom it knows nothing of.
pub fn kind_of(store: &dyn Store, message: &Message) -> Result<Kind, StoreError> {
    let Conversation { tenant, provider, id } = &message.conversation;
    let binding = tenancy::vendor_binding(tenant, provider).get(store)?;
    let Some(binding) = binding.filter(|binding| binding.sealed_secret.is_some()) else { return Ok(Kind::Nothing) };
    let Some(tenant) = tenancy::find_tenant(store, tenant)? else { return Ok(Kind::Nothing) };
    let listed = is_listed(&binding, id);
    // Looked at here and not when the vendor was bound, since either may be changed by itself.
    let open = binding.options.get("open") == Some(&Json::Bool(true)) && takes_strangers(&tenant);
    Ok(match (commands::read(&message.text), listed, open) {
        (_, false, false) => Kind::Nothing,
        (Some(Command::Help), _, _) => Kind::Command(Some(Command::Help)),
        (Some(_), false, true) => Kind::Command(None),
        (Some(command), true, _) => Kind::Command(Some(command)),
        (None, _, _) => Kind::Question,
    })
}

fn is_listed(binding: &VendorBinding, id: &str) -> bool {
    binding.options.get("chats").and_then(Json::as_array).is_some_and(|chats| {
        chats.iter().any(|chat| chat.as_str() == Some(id) || chat.as_i64().is_some_and(|chat| chat.to_string() == id))
    })
}

/// A chat asks nobody for an age or a consent. Whom the tenant has listed it knows.
fn takes_strangers(tenant: &Tenant) -> bool {
    tenant.minimum_age.is_none() && !tenant.consent_required
}

/// A conversation asks as the tenant's own server does, under a name of its own, so that each has a rate of its own.
pub fn grant(conversation: &Conversation) -> Grant {
    Grant {
        caller: Caller::Server,
        tenant: conversation.tenant.clone(),
        session: None,
        credential: named("chat_", &[&conversation.tenant, &conversation.provider, &conversation.id]),
        channel: String::new(),
        capabilities: Vec::new(),
        module: None,
        behavior: None,
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
    shell::warn!("question", about = message.conversation.tenant, code = problem.code, message = problem.message);
    match failed {
        // It is paid for, and nobody has the answer any more.
        Failed::Charged(_) => Said::Text(SORRY.into()),
        Failed::Free(_) => later(message, problem, false, &tenant.fallback_message),
        Failed::Early(_) => later(message, problem, origin == Origin::Resumed, &tenant.fallback_message),
    }
}

/// Again, if that may help, and not for too long: nothing else is said in the conversation meanwhile. A cap is told in the
/// tenant's own words at once.
pub fn later(message: &Message, problem: &Problem, asked: bool, fallback: &str) -> Said {
    failed_after(host::now().since(message.at), problem, asked, fallback)
}

fn failed_after(waited_ms: u64, problem: &Problem, asked: bool, fallback: &str) -> Said {
    use shell::Kind::{Burst, Internal, Offline, RateLimited, VendorError, VendorTimeout};
    let passes = matches!(problem.kind, Burst | Internal | Offline | RateLimited | VendorError | VendorTimeout);
    // Who is wanted back after that is told now.
    if passes && waited_ms.saturating_add(problem.retry_after_ms.unwrap_or(0)) < PATIENCE_MS {
        return Said::Later { wanted_ms: problem.retry_after_ms, asked };
    }
    let own = problem.fallback.as_ref().filter(|_| problem.kind != Offline).map(|fallback| fallback.message.as_str());
    // No vendor sends a blank text.
    let texts = [own.unwrap_or_default(), fallback, SORRY];
    Said::Text(texts.into_iter().find(|text| !text.trim().is_empty()).unwrap_or(SORRY).to_owned())
}

#[cfg(test)]
mod tests {
    use calendar::Millis;
    use kv_schemas::memory::Memory;
    use problem::Fallback;
    use serde_json::json;

    use super::*;

    fn message(chat: &str, text: &str) -> Message {
        let conversation = Conversation { tenant: "demo".into(), provider: "telegram".into(), id: chat.into() };
        let direction = messaging::Direction::In { sender: "7".into() };
        Message { conversation, direction, text: text.into(), at: Millis(0) }
    }

    /// A tenant that demands so much, with a bot.
    fn bound(options: &Json, minimum_age: Option<u32>, consent_required: bool) -> Memory {
        let store = Memory::default();
        let tenant = Tenant { minimum_age, consent_required, ..Tenant::new("demo", "demo") };
        kv_schemas::families::TENANT.value(&["demo"]).set(&store, &tenant).unwrap();
        let Json::Object(options) = options.clone() else { panic!("{options}") };
        let binding = VendorBinding { options, sealed_secret: Some("sealed".into()), ..VendorBinding::default() };
        tenancy::vendor_binding("demo", "telegram").set(&store, &binding).unwrap();
        store
    }

    #[test]
    fn who_is_listed_is_served_and_open_lets_others_ask() {
        let check = |options: Json, chat: &str, text: &str, expected: Kind| {
            let found = kind_of(&bound(&options, None, false), &message(chat, text)).unwrap();
            assert_eq!(found, expected, "{options:?} {chat} {text}");
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
    fn nobody_is_served_whose_age_or_consent_the_tenant_would_have_to_ask_for() {
        let check = |minimum_age: Option<u32>, consent: bool, chat: &str, text: &str, expected: Kind| {
            let store = bound(&json!({ "chats": ["1"], "open": true }), minimum_age, consent);
            let found = kind_of(&store, &message(chat, text)).unwrap();
            assert_eq!(found, expected, "{minimum_age:?} {consent} {chat} {text}");
        };
        for (minimum_age, consent) in [(Some(18), false), (None, true), (Some(18), true)] {
            for text in ["Hello", "/start", "/projects"] {
                check(minimum_age, consent, "3", text, Kind::Nothing);
            }
            check(minimum_age, consent, "1", "Hello", Kind::Question);
            check(minimum_age, consent, "1", "/projects", Kind::Command(Some(Command::Projects)));
        }
        check(None, false, "3", "Hello", Kind::Question);
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
        // Wanted back in time, or too late.
        let wanted = |ms| Problem { retry_after_ms: Some(ms), ..problem(shell::Kind::RateLimited) };
        check(wanted(PATIENCE_MS - 1), 0, None);
        check(wanted(PATIENCE_MS), 0, Some("asleep"));
        check(wanted(PATIENCE_MS - 10), 10, Some("asleep"));
        check(wanted(3_600_000), 0, Some("asleep"));
        check(wanted(u64::MAX), 10, Some("asleep"));
        let blank = Fallback { mode: "offline".into(), message: " ".into() };
        check(Problem { fallback: Some(blank), ..problem(shell::Kind::HardCap) }, 0, Some("asleep"));
        assert_eq!(failed_after(0, &problem(shell::Kind::HardCap), false, "\n"), Said::Text(SORRY.into()));
        check(problem(shell::Kind::HardCap), 0, Some("asleep"));
        check(problem(shell::Kind::Forbidden), 0, Some("asleep"));
        check(Problem::offline(), PATIENCE_MS, Some("asleep"));
    }
}
