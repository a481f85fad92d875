//! `tollgate new TENANT`: a tenant with small caps, and what to paste into its page.
//!
//! The gate shows a key once. The request's idempotency key follows from the tenant's name, so the same command again, also
//! after a crash anywhere in here, gets the same answer for as long as the gate keeps answers: a day.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::gate::Gate;
use super::operator::Operator;
use super::out::{self, Shape};
use super::{done, tenant, wait};

mod snippet;
mod wanted;

use wanted::Wanted;

/// Stands where a key would, when the gate shows it no more.
const NO_KEY: &str = "tg_pk_...";

#[derive(Args)]
pub struct New {
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    shape: Shape,
    #[command(flatten)]
    operator: Operator,
}

impl New {
    pub fn run(self) -> ExitCode {
        done(self.make())
    }

    fn make(&self) -> Result<()> {
        let (body, gate) = (self.wanted.body()?, self.operator.admin()?);
        let made = wait(make(&gate, &self.wanted.tenant, &body))?;
        let key = made.keys["publishable_key"].as_str().unwrap_or(NO_KEY);
        let snippet = snippet::snippet(gate.url(), key, self.wanted.channel.name());
        if self.shape.json {
            let (publishable, secret) = (&made.keys["publishable_key"], &made.keys["secret_key"]);
            return out::document(&json!({
                "tenant": made.tenant, "publishable_key": publishable, "secret_key": secret, "snippet": snippet,
            }));
        }
        out::say(&self.words(&made, &snippet))
    }

    fn words(&self, made: &Made, snippet: &str) -> String {
        let id = &self.wanted.tenant;
        let limit = |name: &str| out::shown(&made.tenant["limits"][name]);
        let caps = format!("{} USD a month, {} USD a session", limit("monthly_cost_usd"), limit("session_cost_usd"));
        let mut lines = vec![format!("The tenant {id} may spend {caps}, {} calls at once.", limit("burst"))];
        match made.keys["secret_key"].as_str() {
            Some(secret) => lines.push(format!(
                "\nFor your server, and no page (kept nowhere else, shown for a day if you ask again as you just did):\n\n{secret}"
            )),
            None => lines.push(format!(
                "\nIt was there already and is as it was; its keys are shown to nobody again. For another one:\n\n  \
                 tollgate key create {id} --kind publishable"
            )),
        }
        lines.push(format!("\nInto the page:\n\n{}", snippet.trim_end()));
        let vendor = made.tenant["vendors"]["chat"]["provider"].as_str();
        lines.push("\nNext:".to_owned());
        match vendor {
            Some(vendor) => {
                lines.push(format!("  tollgate tenant bind {id} {vendor} < the-key-of-{vendor}"));
                lines.push(format!("  tollgate price adopt {vendor}"));
            }
            None => lines.push(format!(
                "  tollgate tenant set {id} 'vendors.chat={{\"provider\": \"openai\"}}'   (who answers in chats)"
            )),
        }
        lines.push(format!("  tollgate usage {id}"));
        let lacking: Vec<&String> = self.wanted.origins.iter().filter(|origin| !has(&made.tenant, origin)).collect();
        if !lacking.is_empty() {
            lines.push(format!(
                "\nIts pages are elsewhere: {lacking:?} is not among its allowed_origins, and stays out."
            ));
        }
        lines.join("\n") + "\n"
    }
}

/// The gate keeps origins as a browser writes them.
fn has(tenant: &Value, origin: &str) -> bool {
    let origins = tenant["allowed_origins"].as_array().map(Vec::as_slice).unwrap_or_default();
    origins
        .iter()
        .any(|known| known.as_str().is_some_and(|known| known.eq_ignore_ascii_case(origin.trim_end_matches('/'))))
}

/// The tenant as it is, and the answer that had its keys, if the gate has given it again.
struct Made {
    tenant: Value,
    keys: Value,
}

async fn make(gate: &Gate, id: &str, body: &Value) -> Result<Made> {
    let once = format!("tollgate-new-{id}");
    let answer = gate.send(Method::POST, "/v1/tenants", &[("idempotency-key", &once)], Some(body)).await?;
    let keys = match answer.status {
        StatusCode::CREATED => serde_json::from_slice(&answer.body).context("the gate's answer is no JSON")?,
        // Made by another command, or too long ago for the gate to know the answer.
        StatusCode::CONFLICT if answer.code().as_deref() != Some("in_progress") => Value::Null,
        _ => {
            gate.takes("/v1/tenants", &answer)?;
            bail!("the gate answers {} where a tenant is made", answer.status);
        }
    };
    // An answer that is given again says nothing of what has happened since.
    match gate.find(&tenant::path(id)).await? {
        Some(tenant) => Ok(Made { tenant, keys }),
        None => bail!("the tenant {id} was deleted, and its name isn't given again: choose another one"),
    }
}
