//! The drills: what each breaks, for how long, and what the gate answered to those who asked meanwhile.

use std::time::Duration;

use axum::http::Method;
use futures::future::join_all;
use serde::Serialize;
use serde_json::{Value, json};

use super::Setup;
use super::effects::{self, Undo};
use super::gate::{Gate, Said};
use super::ledger;
use crate::state::now_ms;
use crate::{Fault, State, webhook};

/// More than a tenant's `burst` of 50, and fewer than a session's `request_burst` of 100.
const CROWD: usize = 80;
/// The breaker opens at the eighth failure in a row; of two that fail at once one may go uncounted.
const FAILURES: usize = 10;

/// What can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Drill {
    Store,
    Flood,
    Cap,
    Vendor,
    Webhook,
}

impl Drill {
    /// In the order in which they are mended: without a store nothing else can be.
    pub const ALL: [Self; 5] = [Self::Store, Self::Flood, Self::Cap, Self::Vendor, Self::Webhook];

    pub fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Flood => "flood",
            Self::Cap => "cap",
            Self::Vendor => "vendor",
            Self::Webhook => "webhook",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|drill| drill.name() == name)
    }

    fn lasts(self) -> Duration {
        Duration::from_secs(match self {
            Self::Store | Self::Flood => 10,
            Self::Vendor => 20,
            Self::Cap => 60,
            Self::Webhook => 0,
        })
    }
}

/// What a drill came to.
#[derive(Debug, Serialize)]
pub struct Report {
    pub name: &'static str,
    /// 0 for what is over already.
    pub ends_in_s: u64,
    /// Who is out of order, of a vendor.
    pub vendor: Option<String>,
    /// The gate's answers to the director's own requests, equal ones counted.
    pub asked: Vec<Asked>,
    /// By how much the log's sum rose meanwhile; `None` where there was no store to tell.
    pub cost_usd: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    pub status: u16,
    pub said: String,
    pub count: usize,
}

/// Breaks it and looks what comes of that. Whoever calls has the stage.
pub async fn perform(state: &State, setup: &Setup, drill: Drill) -> Result<Report, String> {
    let gate = Gate::of(setup);
    let before = ledger::settled(&gate).await;
    let (answers, vendor) = match drill {
        Drill::Flood => (flood(state, &gate).await?, None),
        Drill::Cap => (cap(state, &gate).await?, None),
        Drill::Vendor => vendor_down(state, &gate).await?,
        Drill::Store => (store_down(state, &gate).await?, None),
        Drill::Webhook => (replayed_webhook(&gate).await?, None),
    };
    let cost = match (before, ledger::settled(&gate).await) {
        (Some(before), Some(after)) => Some(after.saturating_sub(before).to_string()),
        _ => None,
    };
    Ok(Report {
        name: drill.name(),
        ends_in_s: drill.lasts().as_secs(),
        vendor,
        asked: counted(&answers),
        cost_usd: cost,
    })
}

/// A crowd takes every place there is and keeps it for a while: a page's session asks for permits and calls nobody.
async fn flood(state: &State, gate: &Gate<'_>) -> Result<Vec<Said>, String> {
    let session = json!({"channel": "landing", "consent": true, "age_attested": 120});
    let opened = gate.as_tenant(Method::POST, "/v1/sessions", session).await?;
    let token = opened.text("/token").ok_or_else(|| format!("no session: {} {}", opened.status, opened.word()))?;
    let one = || json!({"capability": "speech", "provider": "elevenlabs", "estimate": {"units": 1, "unit_type": "characters"}});
    let asked = (0..CROWD).map(|_| gate.as_page(Method::POST, "/v1/preflight", token, one()));
    let answers: Vec<Said> = join_all(asked).await.into_iter().collect::<Result<_, _>>()?;
    let granted = answers.iter().filter(|said| said.status == 200);
    let ids = granted.filter_map(|said| said.text("/limit_check_id")).map(str::to_owned).collect();
    effects::begin(state, Drill::Flood, Drill::Flood.lasts(), Undo::Permits { token: token.to_owned(), ids });
    Ok(answers)
}

/// The month's cap becomes what is already spent.
async fn cap(state: &State, gate: &Gate<'_>) -> Result<Vec<Said>, String> {
    let tenant = gate.as_operator(Method::GET, &format!("/v1/tenants/{}", gate.setup.tenant), Value::Null).await?;
    let before = tenant.body.pointer("/limits/monthly_cost_usd").cloned();
    let before = before.ok_or_else(|| format!("no cap: {} {}", tenant.status, tenant.word()))?;
    let spent = ledger::settled(gate).await.ok_or("the gate doesn't tell what is spent")?.to_string();
    // Before the cap changes: a call that fails may have changed it all the same.
    effects::begin(state, Drill::Cap, Drill::Cap.lasts(), Undo::Cap);
    effects::lower_cap(gate.setup, &before, &spent).await?;
    Ok(vec![gate.chat("auto").await?])
}

/// The vendor that answered last answers no more. Who asks for it by name is told so, until the breaker opens.
async fn vendor_down(state: &State, gate: &Gate<'_>) -> Result<(Vec<Said>, Option<String>), String> {
    let (vendor, model) = last_chat(gate).await;
    state.set_fault(&vendor, Some(Fault { status: Some(503), ..Fault::default() }));
    effects::begin(state, Drill::Vendor, Drill::Vendor.lasts(), Undo::Vendor(vendor.clone()));
    let together = join_all((0..FAILURES).map(|_| gate.chat(&model))).await;
    let mut answers: Vec<Said> = together.into_iter().collect::<Result<_, _>>()?;
    answers.push(gate.chat(&model).await?);
    Ok((answers, Some(vendor)))
}

/// Vendor and model of the newest chat in the log.
async fn last_chat(gate: &Gate<'_>) -> (String, String) {
    let path =
        format!("/v1/audit/entries?tenant={}&kind=money&order=newest&capability=chat&limit=1", gate.setup.tenant);
    let newest = gate.as_operator(Method::GET, &path, Value::Null).await;
    let text = |name: &str| newest.as_ref().ok()?.text(&format!("/entries/0/{name}")).map(str::to_owned);
    let found = text("provider").zip(text("model")).filter(|(_, model)| !model.is_empty());
    found.unwrap_or_else(|| ("openai".to_owned(), "gpt-5.4-mini".to_owned()))
}

/// Nothing can be reserved, so nothing is called.
async fn store_down(state: &State, gate: &Gate<'_>) -> Result<Vec<Said>, String> {
    effects::begin(state, Drill::Store, Drill::Store.lasts(), Undo::Store);
    effects::store_is_gone(&gate.setup.drills)?;
    // Asked before the gate has noticed, it would answer, and charge for it.
    ledger::reachable(gate, false).await;
    Ok(vec![gate.chat("auto").await?])
}

/// One event of a vendor, signed as that vendor signs: delivered, delivered again, and delivered with another body.
async fn replayed_webhook(gate: &Gate<'_>) -> Result<Vec<Said>, String> {
    let setup = gate.setup;
    let id = format!("evt_demo_{}", now_ms());
    let body = json!({"id": id, "type": "response.completed", "data": {"id": "resp_demo"}}).to_string();
    let forged = json!({"id": id, "type": "response.completed", "data": {"id": "resp_forged"}}).to_string();
    let headers = webhook::standard(&setup.webhook_secret, &id, now_ms() / 1000, body.as_bytes());
    let path = format!("/v1/webhooks/openai/{}", setup.tenant);
    let mut answers = Vec::new();
    for sent in [&body, &body, &forged] {
        answers.push(gate.send(Method::POST, &path, &headers, sent.clone().into_bytes()).await?);
    }
    Ok(answers)
}

/// Equal answers are told once, in the order of their first coming.
fn counted(answers: &[Said]) -> Vec<Asked> {
    let mut all: Vec<Asked> = Vec::new();
    for answer in answers {
        let said = answer.word();
        match all.iter_mut().find(|one| one.status == answer.status && one.said == said) {
            Some(one) => one.count += 1,
            None => all.push(Asked { status: answer.status, said, count: 1 }),
        }
    }
    all
}
