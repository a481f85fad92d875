//! `POST /v1/audit/corrections`: the operator puts right what an interaction has cost, by an entry of its own.
//!
//! What if we crash between decision and log? The reaper goes on with it, as with any charge; and a repeat with the same
//! `Idempotency-Key` finds the same correction, for good.

use money::{DecimalError, Nanos};
use serde::Deserialize;
use shell::{Call, Problem, Reply};

use crate::{
    bindings::limits::{self, Correction, FaultKind},
    caller::operator,
    permits,
    problems::faulty,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    limit_check_id: String,
    cost_usd: String,
    reason: String,
}

/// `POST /v1/audit/corrections`
pub fn correct(call: &Call) -> Result<Reply, Problem> {
    operator(call)?;
    let Body { limit_check_id: corrects, cost_usd, reason } = call.json()?;
    let cost = signed_usd(&cost_usd).map_err(|error| Problem::invalid("cost_usd", error.to_string()))?;
    let decision = limits::correct(&Correction {
        corrects: corrects.clone(),
        cost_nanos: cost.0,
        reason,
        request_id: call.request_id.clone(),
        idempotency_key: call.idempotency_key()?.map(str::to_owned),
    });
    let decision = decision.map_err(|fault| match fault.kind {
        FaultKind::NotFound => Problem::not_found("The log has no such interaction."),
        _ => faulty(fault),
    })?;
    let settled = permits::log(&decision)?;
    // Written by hand: the amount is an exact decimal, and no float touches money.
    let body = format!(
        r#"{{"limit_check_id":"{}","corrects":{},"cost_amount":{cost},"cost_currency":"USD","cost_nanos":{},"audit":{{"stage":{}}}}}"#,
        decision.id,
        serde_json::Value::String(corrects),
        cost.0,
        settled.stage
    );
    Ok(Reply::bytes(201, "application/json", body).with("x-limit-check-id", &decision.id))
}

/// A decimal of USD that may be below zero.
fn signed_usd(text: &str) -> Result<Nanos, DecimalError> {
    match text.strip_prefix('-') {
        Some(positive) => Nanos::parse_usd(positive).map(|nanos| Nanos(nanos.0.saturating_neg())),
        None => Nanos::parse_usd(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_a_sign() {
        let check = |text: &str, nanos: Option<i64>| assert_eq!(signed_usd(text).ok().map(|n| n.0), nanos, "{text}");
        check("0.02", Some(20_000_000));
        check("-0.01", Some(-10_000_000));
        check("-0", Some(0));
        for text in ["", "-", "--1", "+1", "- 1", "-1e3", "-.5", "-0.0000000001"] {
            check(text, None);
        }
    }
}
