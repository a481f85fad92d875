//! A bot in people's chats: who is believed, who is served, and that each message is asked, paid and answered once.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use scenarios::tenant::FALLBACK;
use scenarios::wait::at_once;
use scenarios::{Answer, Books, Gate, Mocks, Tenant, Value, eventually, json, unique};

const CHAT: i64 = 4711;
const GROUP: i64 = -1_001_234_567_890;
const STRANGERS: i64 = 99;
const LIMIT: Duration = Duration::from_secs(15);
const SECRET: &str = "x-telegram-bot-api-secret-token";

/// A tenant with a bot.
struct Bot {
    tenant: Tenant,
    secret: String,
}

impl Bot {
    fn new(gate: &Gate, mocks: &Mocks, options: Value, patch: Value) -> Self {
        let mut tenant = Tenant::at(gate, mocks, patch);
        let secret = unique("hook-");
        let token = format!("123456:{}", unique("token-"));
        let binding = json!({"secret": token, "webhook_secret": secret, "options": options});
        tenant.bind(gate, "telegram", mocks, binding);
        tenant.vendor_secrets.insert("telegram", token);
        Self { tenant, secret }
    }

    /// With the two chats on its list.
    fn served(gate: &Gate, mocks: &Mocks) -> Self {
        Self::new(gate, mocks, json!({"chats": [CHAT.to_string(), GROUP.to_string()]}), json!({}))
    }

    /// Delivers an update as Telegram does.
    fn deliver(&self, gate: &Gate, update: &Value, secrets: &[&str]) -> Answer {
        let call = gate.stranger().call("POST", &format!("/v1/webhooks/telegram/{}", self.tenant.id));
        secrets.iter().fold(call, |call, secret| call.header(SECRET, secret)).json(update).send()
    }

    /// Somebody says something; the update, to be delivered again.
    #[track_caller]
    fn hear(&self, gate: &Gate, chat: i64, text: &str) -> Value {
        let update = update(chat, text);
        self.deliver(gate, &update, &[&self.secret]).expect(200);
        update
    }

    /// What the bot has said in a chat, oldest first.
    fn said(&self, mocks: &Mocks, chat: i64) -> Vec<String> {
        let all = mocks.control().get("/control/telegram/messages").expect(200);
        let key = &self.tenant.vendor_secrets["telegram"];
        let ours = |said: &&Value| said["key"] == **key && said["chat_id"] == chat;
        let text = |said: &Value| said["text"].as_str().unwrap().to_owned();
        all.as_array().unwrap().iter().filter(ours).map(text).collect()
    }

    /// The same, once it is so many; rounds are made until then.
    #[track_caller]
    fn says(&self, gate: &Gate, mocks: &Mocks, chat: i64, count: usize) -> Vec<String> {
        eventually(&format!("{count} messages in {chat}"), LIMIT, || {
            work(gate);
            Some(self.said(mocks, chat)).filter(|said| said.len() >= count)
        })
    }

    fn chats_asked(&self, mocks: &Mocks) -> usize {
        let is_chat = |call: &&Value| call["path"].as_str().unwrap().contains("/chat/completions");
        mocks.calls_of(&self.tenant).iter().filter(is_chat).count()
    }
}

fn update(chat: i64, text: &str) -> Value {
    let kind = if chat < 0 { "supergroup" } else { "private" };
    let id = u32::from_le_bytes(scenarios::random::bytes());
    json!({"update_id": id, "message": {
        "message_id": 1, "date": 1_790_000_000, "text": text,
        "from": {"id": 7, "is_bot": false, "first_name": "Ada"}, "chat": {"id": chat, "type": kind},
    }})
}

#[track_caller]
fn work(gate: &Gate) {
    for what in ["webhooks", "messages", "runs"] {
        gate.admin().call("POST", &format!("/v1/maintenance/{what}")).send().expect(200);
    }
}

/// Long enough for anything that was going to happen.
fn settle_down(gate: &Gate) {
    for _ in 0..3 {
        work(gate);
        thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn whk_1_only_the_secret_token_once_is_believed() {
    let (gate, mocks) = (Gate::shared(), Mocks::shared());
    let bot = Bot::served(gate, mocks);
    let update = update(CHAT, "Hello");
    let secret = bot.secret.as_str();
    let wrong = format!("{secret}x");
    for secrets in
        [&[][..], &["x"], &[""], &[&wrong], &[&secret[..secret.len() - 1]], &[secret, secret], &["x", secret]]
    {
        bot.deliver(gate, &update, secrets).refused(401, "unauthenticated");
    }
    settle_down(gate);
    mocks.assert_not_called(&bot.tenant);
    bot.deliver(gate, &update, &[secret]).expect(200);
    assert!(bot.says(gate, mocks, CHAT, 1)[0].contains("Hello"));
}

#[test]
fn whk_2_one_update_ten_times_at_once_is_one_question_and_one_answer() {
    let (gate, mocks) = (Gate::shared(), Mocks::shared());
    let bot = Bot::served(gate, mocks);
    let update = update(GROUP, "How is the harbour?");
    at_once(10, |_| bot.deliver(gate, &update, &[&bot.secret]).expect(200));
    at_once(4, |_| work(gate));
    let said = bot.says(gate, mocks, GROUP, 1);
    bot.deliver(gate, &update, &[&bot.secret]).expect(200);
    settle_down(gate);
    assert_eq!((bot.said(mocks, GROUP).len(), bot.chats_asked(mocks)), (1, 1), "{said:?}");
    assert!(said[0].contains("How is the harbour?"), "{said:?}");
    let server = bot.tenant.server();
    let books = Books(&server);
    assert!(books.settled_money().settled > 0);
    let entries = books.entries();
    assert_eq!(entries.iter().filter(|entry| entry["capability"] == "chat").count(), 1, "{entries:?}");
}

#[test]
fn whk_3_a_chat_that_is_not_listed_is_not_served() {
    let (gate, mocks) = (Gate::shared(), Mocks::shared());
    let closed = Bot::served(gate, mocks);
    let options = || json!({"chats": [CHAT.to_string()], "open": true});
    let open = Bot::new(gate, mocks, options(), json!({"consent_required": false}));
    // Of these, a page would ask something first.
    let consenting = Bot::new(gate, mocks, options(), json!({"consent_required": true}));
    let grown = Bot::new(gate, mocks, options(), json!({"consent_required": false}));
    let setting = json!({"minimum_age": 18});
    gate.admin().patch(&format!("/v1/tenants/{}", grown.tenant.id), &setting).expect(200);
    for text in ["Hello", "/start", "/projects", "/run clips"] {
        for bot in [&closed, &open, &consenting, &grown] {
            bot.hear(gate, STRANGERS, text);
        }
    }
    let said = open.says(gate, mocks, STRANGERS, 4);
    assert!(said[0].contains("Hello") && said[1].starts_with("Ask me anything"), "{said:?}");
    assert!(said[2..].iter().all(|said| said == "This chat may ask, but not command."), "{said:?}");
    assert_eq!(open.tenant.server().get("/v1/runs").expect(200)["runs"], json!([]));
    settle_down(gate);
    for bot in [&closed, &consenting, &grown] {
        mocks.assert_not_called(&bot.tenant);
    }
    // Whom the tenant has listed it knows.
    grown.hear(gate, CHAT, "Hello");
    grown.says(gate, mocks, CHAT, 1);
    // What is no text, of no person, or in a channel, is nothing to answer.
    for change in [
        json!({"text": null, "photo": []}),
        json!({"from": {"id": 7, "is_bot": true}}),
        json!({"chat": {"id": CHAT, "type": "channel"}}),
    ] {
        let mut update = update(CHAT, "Hello");
        scenarios::tenant::merge(&mut update["message"], change);
        closed.deliver(gate, &update, &[&closed.secret]).expect(200);
    }
    settle_down(gate);
    mocks.assert_not_called(&closed.tenant);
}

#[test]
fn run_1_a_command_begins_one_run_however_often_it_is_delivered() {
    let (gate, mocks) = (&Gate::start_with(&["--variable", "public_url=https://gate.example"]), Mocks::shared());
    let bot = Bot::served(gate, mocks);
    let server = bot.tenant.server();
    let steps = json!([{"id": "publish", "gate": {"title": "Publish <it>?"}}]);
    server.put("/v1/projects/clips", &json!({"title": "Harbour clips", "steps": steps})).expect(201);
    bot.hear(gate, CHAT, "/projects");
    assert_eq!(bot.says(gate, mocks, CHAT, 1), ["clips - Harbour clips"]);

    let command = bot.hear(gate, CHAT, "/run@a_bot clips {\"scenes\": [1, 2]}");
    at_once(4, |_| {
        bot.deliver(gate, &command, &[&bot.secret]).expect(200);
        work(gate);
    });
    let said = bot.says(gate, mocks, CHAT, 3);
    let runs = server.get("/v1/runs").expect(200)["runs"].clone();
    assert_eq!(runs.as_array().unwrap().len(), 1, "{runs}");
    let id = runs[0]["id"].as_str().unwrap();
    assert!(said[1].contains("Harbour clips begins") && said[1].contains(id), "{said:?}");
    // The gate it waits at, with the link to it.
    let link = said[2].lines().nth(1).unwrap_or_else(|| panic!("no link in {said:?}"));
    assert!(said[2].starts_with("Harbour clips waits for you: Publish <it>?"), "{said:?}");
    let run = server.get(&format!("/v1/runs/{id}")).expect(200);
    assert_eq!((&run["status"], &run["input"]), (&json!("waiting"), &json!({"scenes": [1, 2]})));
    assert_eq!(run["gate"]["approval_url"], link);
    assert!(link.starts_with("https://gate.example/v1/approvals/"), "{link}");

    bot.hear(gate, CHAT, &format!("/status {id}"));
    let said = bot.says(gate, mocks, CHAT, 4);
    assert!(said[3].contains("Harbour clips: waiting") && said[3].contains(link), "{said:?}");
    let path = &link[link.find("/v1/").expect("a path")..];
    let form = gate.stranger().call("POST", path).header("accept", "application/json");
    form.bytes("application/x-www-form-urlencoded", "decision=approve").send().expect(200);
    let said = bot.says(gate, mocks, CHAT, 5);
    assert!(said[4].starts_with("Harbour clips is done."), "{said:?}");
    settle_down(gate);
    assert_eq!(bot.said(mocks, CHAT).len(), 5, "each was said once");

    for (command, answer) in [("/run nothing", "is no project"), ("/status run_1", "no such run"), ("/run", "Ask me")] {
        let count = bot.said(mocks, CHAT).len();
        bot.hear(gate, CHAT, command);
        let said = bot.says(gate, mocks, CHAT, count + 1);
        assert!(said[count].contains(answer), "{command}: {said:?}");
    }
    assert_eq!(bot.chats_asked(mocks), 0);
}

#[test]
fn run_1_a_gate_that_does_not_know_its_address_sends_no_dead_link() {
    let (gate, mocks) = (Gate::shared(), Mocks::shared());
    let bot = Bot::served(gate, mocks);
    let steps = json!([{"id": "publish", "gate": {"title": "Publish it?"}}]);
    bot.tenant.server().put("/v1/projects/clips", &json!({"title": "Clips", "steps": steps})).expect(201);
    bot.hear(gate, CHAT, "/run clips");
    let said = bot.says(gate, mocks, CHAT, 2);
    assert!(said[1].contains("waits for you") && said[1].contains("`public_url`"), "{said:?}");
    assert!(!said[1].contains("/v1/"), "{said:?}");
}

#[test]
fn lim_1_where_the_cap_is_reached_the_tenants_own_words_are_said() {
    let (gate, mocks) = (Gate::shared(), Mocks::shared());
    let options = json!({"chats": [CHAT.to_string()]});
    let bot = Bot::new(gate, mocks, options, json!({"limits": {"monthly_cost_usd": "0.000001"}}));
    bot.hear(gate, CHAT, "Hello");
    assert_eq!(bot.says(gate, mocks, CHAT, 1), [FALLBACK]);
    assert_eq!(bot.chats_asked(mocks), 0);
    assert_eq!(Books(&bot.tenant.server()).settled_money().settled, 0);
}

#[test]
fn whk_4_what_cannot_be_sent_now_is_sent_later_and_in_its_order() {
    let (gate, mocks) = (Gate::shared(), Mocks::start());
    let bot = Bot::served(gate, &mocks);
    for status in [500, 429] {
        mocks.fault("telegram", json!({"status": status, "times": 1, "retry_after": 1}));
        let count = bot.said(&mocks, CHAT).len();
        bot.hear(gate, CHAT, &format!("First {status}"));
        bot.hear(gate, CHAT, "Second");
        let said = bot.says(gate, &mocks, CHAT, count + 2);
        assert!(said[count].contains("First") && said[count + 1].contains("Second"), "{said:?}");
    }
    assert_eq!(bot.chats_asked(&mocks), 4, "nothing is asked twice");
    // A bot that was put out of a chat, or may not say this there, is done with it; what comes later is answered.
    for (status, count) in [(403, 4), (400, 5)] {
        mocks.fault("telegram", json!({"status": status, "times": 1}));
        bot.hear(gate, CHAT, "Anybody there?");
        settle_down(gate);
        bot.hear(gate, CHAT, "Back again");
        let said = bot.says(gate, &mocks, CHAT, count + 1);
        assert!(said[count].contains("Back again"), "{status}: {said:?}");
    }
}

#[test]
fn whk_4_a_vendor_that_wants_nobody_for_an_hour_does_not_silence_the_chat() {
    let (gate, mocks) = (Gate::shared(), Mocks::start());
    let bot = Bot::served(gate, &mocks);
    mocks.fault("openai", json!({"status": 429, "times": 1, "retry_after": 3600}));
    bot.hear(gate, CHAT, "First");
    assert_eq!(bot.says(gate, &mocks, CHAT, 1), [FALLBACK]);
    bot.hear(gate, CHAT, "Second");
    let said = bot.says(gate, &mocks, CHAT, 2);
    assert!(said[1].contains("Second"), "{said:?}");
}

#[test]
fn whk_4_a_gate_that_is_killed_asks_nothing_twice_and_answers_everybody() {
    let (mut gate, mocks) = (Gate::start(), Mocks::start());
    let bot = Bot::new(&gate, &mocks, json!({"open": true}), json!({"consent_required": false}));
    let texts: BTreeMap<i64, String> = (1..=24).map(|chat| (chat, format!("Question {chat} [[delay:300]]"))).collect();
    for round in 0..3 {
        for (chat, text) in texts.iter().skip(round * 8).take(8) {
            bot.hear(&gate, *chat, text);
        }
        let admin = gate.admin();
        let rounds = thread::spawn(move || {
            let _killed = admin.call("POST", "/v1/maintenance/messages").try_send();
        });
        thread::sleep(Duration::from_millis(150 + 200 * round as u64));
        gate.kill9();
        rounds.join().unwrap();
        gate.restart();
    }
    // Who was killed at it is replaced when its lease is over.
    for chat in texts.keys() {
        eventually(&format!("an answer in {chat}"), Duration::from_secs(30), || {
            work(&gate);
            (!bot.said(&mocks, *chat).is_empty()).then_some(())
        });
    }
    let asked = mocks.calls_of(&bot.tenant);
    let prompt = |call: &Value| call["body"]["messages"][0]["content"].as_str().unwrap().to_owned();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    asked.iter().filter(|call| call["path"].as_str().unwrap().contains("/chat/")).for_each(|call| {
        *counts.entry(prompt(call)).or_default() += 1;
    });
    assert!(counts.values().all(|count| *count == 1), "asked twice: {counts:?}");
    let is_answer = |chat: &&i64| bot.said(&mocks, **chat)[0].contains(&format!("Question {chat}"));
    let answered = texts.keys().filter(is_answer).count();
    assert!(answered >= 6, "not all were excused: {answered}");
    let server = bot.tenant.moved_to(&gate).server();
    let entries = Books(&server).entries();
    let paid = entries.iter().filter(|entry| entry["capability"] == "chat").count();
    // Killed between the answer and its settlement, it is held until the reaper charges it in full.
    let held = usize::try_from(Books(&server).usage().open).unwrap();
    let known = paid + held;
    assert!((answered..=texts.len()).contains(&known), "{answered} were answered: {paid} are paid, {held} held");
}
