//! `POST /v1/audit/corrections`: the operator puts right what an interaction has cost, by an entry of its own.
//!
//! What if we crash between decision and log? The reaper goes on with it, as with any charge; and a repeat with the same
//! `Idempotency-Key` finds the same correction, for good.

use money::{DecimalError, Nanos};
use serde::Deserialize;
use serde_json::Value as Json;
use shell::{Call, Problem, Reply};

use crate::{
    bindings::limits::{self, Amount, Correction, FaultKind, Quantity},
    caller::operator,
    permits,
    problems::faulty,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    limit_check_id: String,
    /// By how much; or
    #[serde(default)]
    cost_usd: Option<String>,
    /// how much it really used,
    #[serde(default)]
    units: Option<u64>,
    /// of what.
    #[serde(default)]
    unit_type: Option<String>,
    reason: String,
}

/// `POST /v1/audit/corrections`
pub fn correct(call: &Call) -> Result<Reply, Problem> {
    operator(call)?;
    let body: Body = call.json()?;
    let amount = body.amount()?;
    let Body { limit_check_id: corrects, reason, .. } = body;
    let decided = limits::correct(&Correction {
        corrects: corrects.clone(),
        amount,
        reason,
        request_id: call.request_id.clone(),
        idempotency_key: call.idempotency_key()?.map(str::to_owned),
    });
    let decided = decided.map_err(|fault| match fault.kind {
        FaultKind::NotFound => {
            Problem::not_found("There is no such interaction; or it is too old to be corrected by its use.")
        }
        _ => faulty(fault),
    })?;
    let Some(decision) = decided else {
        return Ok(Reply::bytes(200, "application/json", shown(None, corrects, Nanos(0), None)));
    };
    let settled = permits::log(&decision)?;
    let body = shown(Some(&decision.id), corrects, Nanos(decision.cost_nanos), Some(settled.stage));
    Ok(Reply::bytes(201, "application/json", body).with("x-limit-check-id", &decision.id))
}

impl Body {
    /// Exactly one of the two ways to say it.
    fn amount(&self) -> Result<Amount, Problem> {
        match (&self.cost_usd, self.units, &self.unit_type) {
            (Some(cost), None, None) => match signed_usd(cost) {
                Ok(cost) => Ok(Amount::Cost(cost.0)),
                Err(error) => Err(Problem::invalid("cost_usd", error.to_string())),
            },
            (None, Some(units), Some(unit_type)) => {
                Ok(Amount::Usage(vec![Quantity { unit_type: unit_type.clone(), units }]))
            }
            (Some(_), ..) => Err(Problem::invalid("cost_usd", "must not be given beside units and unit_type")),
            (None, None, None) => Err(Problem::invalid("cost_usd", "must be given, or else units and unit_type")),
            (None, Some(_), None) => Err(Problem::invalid("unit_type", "must be given beside units")),
            (None, None, Some(_)) => Err(Problem::invalid("units", "must be given beside unit_type")),
        }
    }
}

/// Written by hand: the amount is an exact decimal, and no float touches money.
fn shown(id: Option<&str>, corrects: String, cost: Nanos, stage: Option<u64>) -> String {
    let (id, corrects) = (Json::from(id), Json::from(corrects));
    let audit = stage.map_or_else(|| "null".to_owned(), |stage| format!(r#"{{"stage":{stage}}}"#));
    format!(
        r#"{{"limit_check_id":{id},"corrects":{corrects},"cost_amount":{cost},"cost_currency":"USD","cost_nanos":{},"audit":{audit}}}"#,
        cost.0
    )
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

    #[test]
    fn it_is_said_in_one_of_two_ways() {
        let check = |fields: &str, wanted: Result<&str, &str>| {
            let body = format!(r#"{{"limit_check_id":"lc_1","reason":"why"{fields}}}"#);
            let body: Body = serde_json::from_str(&body).unwrap();
            let found = match body.amount() {
                Ok(amount) => Ok(format!("{amount:?}")),
                Err(problem) => Err(problem.param.unwrap_or_default()),
            };
            assert_eq!(found.as_deref().map_err(String::as_str), wanted, "{fields}");
        };
        check(r#","cost_usd":"-0.01""#, Ok("Amount::Cost(-10000000)"));
        let seconds = r#"Amount::Usage([Quantity { unit-type: "seconds", units: 12 }])"#;
        check(r#","units":12,"unit_type":"seconds""#, Ok(seconds));
        check("", Err("cost_usd"));
        check(r#","cost_usd":null"#, Err("cost_usd"));
        check(r#","cost_usd":"1","units":12,"unit_type":"seconds""#, Err("cost_usd"));
        check(r#","cost_usd":"1","units":12"#, Err("cost_usd"));
        check(r#","cost_usd":"1","unit_type":"seconds""#, Err("cost_usd"));
        check(r#","cost_usd":"one""#, Err("cost_usd"));
        check(r#","units":12"#, Err("unit_type"));
        check(r#","unit_type":"seconds""#, Err("units"));
    }

    #[test]
    fn what_came_of_it_is_json() {
        let check = |id, cost, stage, wanted: &str| {
            let body = shown(id, "lc_\"1".into(), Nanos(cost), stage);
            assert_eq!(body, wanted);
            serde_json::from_str::<Json>(&body).unwrap();
        };
        let some = r#"{"limit_check_id":"lc_2","corrects":"lc_\"1","cost_amount":-0.01,"cost_currency":"USD","cost_nanos":-10000000,"audit":{"stage":7}}"#;
        check(Some("lc_2"), -10_000_000, Some(7), some);
        let none = r#"{"limit_check_id":null,"corrects":"lc_\"1","cost_amount":0.00,"cost_currency":"USD","cost_nanos":0,"audit":null}"#;
        check(None, 0, None, none);
    }
}
