//! `tollgate usage TENANT`: per window the cap, what is settled, what is held, what remains.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::{Map, Value, json};

use super::access::encoded;
use super::operator::Operator;
use super::out::{self, Column, Shape, Table, left, right};
use super::{done, wait};

const COLUMNS: &[Column] = &[
    left("SCOPE", "/scope"),
    left("WINDOW", "/period"),
    left("UNIT", "/unit"),
    right("CAP", "/cap"),
    right("SETTLED", "/settled"),
    right("HELD", "/held"),
    right("REMAINING", "/remaining"),
    right("USED", "/used"),
];

#[derive(Args)]
pub struct Usage {
    /// Whose; a secret key's own when absent.
    tenant: Option<String>,
    #[command(flatten)]
    shape: Shape,
    #[command(flatten)]
    operator: Operator,
}

impl Usage {
    pub fn run(self) -> ExitCode {
        done(self.show())
    }

    fn show(&self) -> Result<()> {
        let gate = self.operator.gate()?;
        let of = self.tenant.as_ref().map(|tenant| format!("?tenant={}", encoded(tenant))).unwrap_or_default();
        let usage: Value = wait(gate.read(&format!("/v1/usage{of}")))?;
        let (windows, rest) = taken_apart(usage);
        if !self.shape.json {
            let text = |name: &str| rest.get(name).map(out::shown).unwrap_or_default();
            let open = rest.get("open").cloned().unwrap_or_default();
            let (held, cap) = (out::shown(&open["held"]), out::shown(&open["cap"]));
            let (tenant, company, at) = (text("tenant_id"), text("company"), text("at"));
            out::say(&format!("{tenant} (company {company}) at {at}; {held} calls under way, of {cap}\n\n"))?;
        }
        let rest: Vec<(&str, Value)> = rest.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        self.shape.rows("windows", &Table::new(COLUMNS, windows), &rest)
    }
}

/// The windows with what part of the cap is used, and everything else.
fn taken_apart(mut usage: Value) -> (Vec<Value>, Map<String, Value>) {
    let mut windows = usage["windows"].as_array_mut().map(std::mem::take).unwrap_or_default();
    for window in &mut windows {
        window["used"] = used(window).map_or(Value::Null, |percent| json!(format!("{percent} %")));
    }
    let mut rest = match usage {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    rest.remove("windows");
    (windows, rest)
}

/// Settled and held, in percent of the cap, rounded up: what is nearly full doesn't look as if there were room.
fn used(window: &Value) -> Option<u128> {
    let amount = |name: &str| match &window[name] {
        Value::String(usd) => money::Nanos::parse_usd(usd).ok().map(|nanos| i128::from(nanos.0)),
        number => number.as_i64().map(i128::from),
    };
    let (cap, taken) = (amount("cap")?, amount("settled")? + amount("held")?);
    let (cap, taken) = (u128::try_from(cap).ok()?, u128::try_from(taken).unwrap_or(0));
    (taken * 100).checked_div(cap.max(1)).map(|whole| whole + u128::from(taken * 100 % cap.max(1) > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lim_5_how_near_the_cap_it_is() {
        let check = |cap: Value, settled: Value, held: Value, expected: Option<u128>| {
            let window = json!({"cap": cap, "settled": settled, "held": held});
            assert_eq!(used(&window), expected, "{window}");
        };
        check(json!("25.00"), json!("12.50"), json!("0.00"), Some(50));
        check(json!("25.00"), json!("19.99"), json!("0.01"), Some(80));
        check(json!("25.00"), json!("20.000000001"), json!("0"), Some(81));
        check(json!(3600), json!(0), json!(0), Some(0));
        check(json!(3600), json!(1), json!(0), Some(1));
        check(json!("1.00"), json!("2.00"), json!("0"), Some(200));
        check(json!(0), json!(0), json!(0), Some(0));
        check(json!(null), json!("1.00"), json!("0"), None);
        check(json!("much"), json!("1.00"), json!("0"), None);
    }
}
