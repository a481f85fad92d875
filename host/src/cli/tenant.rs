//! `tollgate tenant ...`: the tenants of a gate, and what each may spend.

use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Map, Value, json};

use super::access::encoded;
use super::operator::Operator;
use super::out::{self, Column, Shape, Table, left, right};
use super::pages::Paging;
use super::{done, price, wait};

/// The longest vendor's key that a gate takes.
const MAX_SECRET: u64 = 4096;

const COLUMNS: &[Column] = &[
    left("TENANT", "/id"),
    left("COMPANY", "/company"),
    left("NAME", "/display_name"),
    right("MONTH USD", "/limits/monthly_cost_usd"),
    right("BURST", "/limits/burst"),
    left("CHANNELS", "/channels"),
    left("CAPABILITIES", "/capabilities"),
];

#[derive(Subcommand)]
pub enum Tenant {
    /// Lists tenants in the order of their making.
    List(List),
    /// Shows one tenant.
    Show(Show),
    /// Changes fields of a tenant, such as a cap; everything else stays.
    Set(Set),
    /// Binds a tenant to a vendor with that vendor's key, which is read from standard input and can't be read back.
    Bind(Bind),
    /// Deletes a tenant for good: its keys and sessions end at once, its name is not given again.
    Delete(Delete),
}

#[derive(Args)]
pub struct List {
    #[command(flatten)]
    paging: Paging,
    #[command(flatten)]
    shape: Shape,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Args)]
pub struct Show {
    tenant: String,
    #[command(flatten)]
    shape: Shape,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Args)]
pub struct Set {
    tenant: String,
    /// Such as limits.monthly_cost_usd=50.00; without a value (limits.burst=) the field is taken away.
    #[arg(required = true, value_name = "FIELD=VALUE", value_parser = assignment)]
    fields: Vec<(String, Value)>,
    #[command(flatten)]
    shape: Shape,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Args)]
pub struct Bind {
    tenant: String,
    vendor: String,
    /// The vendor's address, where it isn't the vendor's own.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// A mock that speaks as the vendor does.
    #[arg(long)]
    mock: bool,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Args)]
pub struct Delete {
    tenant: String,
    /// Yes, for good.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    operator: Operator,
}

impl Tenant {
    pub fn run(self) -> ExitCode {
        done(match self {
            Self::List(list) => list.run(),
            Self::Show(show) => show.run(),
            Self::Set(set) => set.run(),
            Self::Bind(bind) => bind.run(),
            Self::Delete(delete) => delete.run(),
        })
    }
}

pub fn path(tenant: &str) -> String {
    format!("/v1/tenants/{}", encoded(tenant))
}

impl List {
    fn run(self) -> Result<()> {
        let gate = self.operator.admin()?;
        let page = wait(self.paging.read(&gate, "/v1/tenants", "tenants"))?;
        self.shape.rows("tenants", &Table::new(COLUMNS, page.rows), &[("next_cursor", json!(page.next))])?;
        if let Some(next) = page.next {
            out::aside(&format!("there are more: add --cursor {next}, or --all"));
        }
        Ok(())
    }
}

impl Show {
    fn run(self) -> Result<()> {
        let gate = self.operator.gate()?;
        self.shape.one(&wait(gate.read(&path(&self.tenant)))?)
    }
}

impl Set {
    fn run(self) -> Result<()> {
        let gate = self.operator.admin()?;
        let patch = patch(&self.fields)?;
        self.shape.one(&wait(gate.change(Method::PATCH, &path(&self.tenant), &[], Some(&patch)))?)
    }
}

impl Bind {
    fn run(self) -> Result<()> {
        let gate = self.operator.admin()?;
        // Not an argument: those are seen by everybody on the machine.
        if out::is_watched() {
            out::aside(&format!("the key of {} (end with Ctrl-D):", self.vendor));
        }
        let mut secret = String::new();
        std::io::stdin().lock().take(MAX_SECRET + 2).read_to_string(&mut secret).context("reading the vendor's key")?;
        let secret = secret.trim();
        ensure!(!secret.is_empty(), "standard input has no key: give it such as `tollgate tenant bind ... < key-file`");
        let mode = if self.mock { "mock" } else { "live" };
        let body = json!({"mode": mode, "base_url": self.base_url, "secret": secret});
        let path = format!("{}/vendors/{}", path(&self.tenant), encoded(&self.vendor));
        wait(async {
            // A gate keeps keys of whatever name: whose is mistyped would be missed by the first call.
            price::known(&gate.read("/v1/vendors").await?, &self.vendor)?;
            gate.change(Method::PUT, &path, &[], Some(&body)).await
        })?;
        out::say(&format!("{} calls {} with this key from now on\n", self.tenant, self.vendor))
    }
}

impl Delete {
    fn run(self) -> Result<()> {
        if !self.yes {
            bail!("deleting {} can't be undone, nor its name used again: add --yes if that is meant", self.tenant);
        }
        let gate = self.operator.admin()?;
        wait(gate.change(Method::DELETE, &path(&self.tenant), &[], None))?;
        out::say(&format!("{} is deleted\n", self.tenant))
    }
}

fn assignment(text: &str) -> Result<(String, Value), String> {
    let (field, value) = text.split_once('=').ok_or("expected FIELD=VALUE")?;
    if field.split('.').any(str::is_empty) {
        return Err(format!("`{field}` is no field, such as limits.burst"));
    }
    Ok((field.to_owned(), value_of(field, value)))
}

/// JSON where it is some; a text otherwise. Money is a text in the interface, however much like a number it looks.
fn value_of(field: &str, value: &str) -> Value {
    if value.is_empty() {
        return Value::Null;
    }
    let text = || Value::String(value.to_owned());
    if field.ends_with("_usd") && value != "null" {
        text()
    } else {
        serde_json::from_str(value).unwrap_or_else(|_| text())
    }
}

/// The merge patch that sets these fields.
fn patch(fields: &[(String, Value)]) -> Result<Value> {
    let mut whole = Value::Object(Map::new());
    for (path, value) in fields {
        let mut place = &mut whole;
        for name in path.split('.') {
            let Value::Object(fields) = place else { bail!("{path}: another field that is given is a part of it") };
            place = fields.entry(name).or_insert_with(|| Value::Object(Map::new()));
        }
        ensure!(place.as_object().is_some_and(Map::is_empty), "{path} is given twice");
        *place = value.clone();
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lim_5_fields_become_a_patch() {
        let check = |given: &[&str], expected: Option<Value>| {
            let fields: Result<Vec<_>, _> = given.iter().map(|text| assignment(text)).collect();
            let found = fields.ok().and_then(|fields| patch(&fields).ok());
            assert_eq!(found, expected, "{given:?}");
        };
        check(
            &["limits.monthly_cost_usd=50.00", "limits.burst=5", "ladder.throttle_at=0.7"],
            Some(json!({"limits": {"monthly_cost_usd": "50.00", "burst": 5}, "ladder": {"throttle_at": 0.7}})),
        );
        check(
            &["limits.burst=", "display_name=The shop"],
            Some(json!({"limits": {"burst": null}, "display_name": "The shop"})),
        );
        check(&["limits.monthly_cost_usd=null"], Some(json!({"limits": {"monthly_cost_usd": null}})));
        check(&[r#"channels=["widget"]"#], Some(json!({"channels": ["widget"]})));
        check(&["limits.burst=5", "limits.burst=6"], None);
        check(&["limits=5", "limits.burst=6"], None);
        check(&["limits..burst=5"], None);
        check(&["=5"], None);
        check(&["nothing"], None);
    }
}
