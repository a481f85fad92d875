//! `tollgate price ...`: the prices in force, and the vendors' list prices put in force.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Value, json};

use super::operator::Operator;
use super::out::{self, Column, Shape, Table, left, right};
use super::{done, wait};

const COLUMNS: &[Column] = &[
    left("VENDOR", "/vendor"),
    left("MODEL", "/model"),
    left("UNIT", "/unit_type"),
    right("USD", "/usd_per_unit"),
    left("FROM", "/valid_from"),
];

#[derive(Subcommand)]
pub enum Price {
    /// Lists the prices in force.
    List(List),
    /// Puts a vendor's list prices in force, as the gate knows them. Rows that are there with the same day are replaced.
    Adopt(Adopt),
}

#[derive(Args)]
pub struct List {
    /// Of this vendor alone.
    #[arg(long)]
    vendor: Option<String>,
    #[command(flatten)]
    shape: Shape,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Args)]
pub struct Adopt {
    #[arg(required = true)]
    vendors: Vec<String>,
    /// Also prices that nobody has read at the vendor's: what is charged is then a guess.
    #[arg(long)]
    placeholders: bool,
    #[command(flatten)]
    shape: Shape,
    #[command(flatten)]
    operator: Operator,
}

impl Price {
    pub fn run(self) -> ExitCode {
        done(match self {
            Self::List(list) => list.run(),
            Self::Adopt(adopt) => adopt.run(),
        })
    }
}

impl List {
    fn run(self) -> Result<()> {
        let gate = self.operator.admin()?;
        let mut answer: Value = wait(gate.read("/v1/prices"))?;
        let mut rows = answer["prices"].as_array_mut().map(std::mem::take).unwrap_or_default();
        rows.retain(|row| self.vendor.as_deref().is_none_or(|vendor| row["vendor"] == vendor));
        self.shape.rows("prices", &Table::new(COLUMNS, rows), &[])
    }
}

impl Adopt {
    fn run(self) -> Result<()> {
        let gate = self.operator.admin()?;
        let known: Value = wait(gate.read("/v1/vendors"))?;
        let mut rows = Vec::new();
        for vendor in &self.vendors {
            let Listed { mut good, placeholders } = listed(&known, vendor)?;
            if self.placeholders {
                good.extend(placeholders);
            } else if !placeholders.is_empty() {
                let many = placeholders.len();
                let what = format!("{vendor}: {many} prices are placeholders, and stay out");
                out::aside(&format!("{what}: give your own with PUT /v1/prices, or add --placeholders"));
            }
            rows.append(&mut good);
        }
        if rows.is_empty() {
            bail!("nothing to put in force: every list price that was asked for is a placeholder (see --placeholders)");
        }
        wait(gate.change(Method::PUT, "/v1/prices", &[], Some(&json!({"prices": rows}))))?;
        self.shape.rows("prices", &Table::new(COLUMNS, rows), &[])
    }
}

/// A vendor's list prices.
struct Listed {
    good: Vec<Value>,
    placeholders: Vec<Value>,
}

/// What a gate's list of vendors says of one.
pub fn known<'a>(all: &'a Value, vendor: &str) -> Result<&'a Value> {
    let vendors = all["vendors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let Some(found) = vendors.iter().find(|one| one["vendor"] == vendor) else {
        let names: Vec<&str> = vendors.iter().filter_map(|one| one["vendor"].as_str()).collect();
        bail!("the gate knows no vendor {vendor}; it knows {}", names.join(", "));
    };
    Ok(found)
}

fn listed(all: &Value, vendor: &str) -> Result<Listed> {
    let found = known(all, vendor)?;
    let rows = found["list_prices"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_guess = |row: &&Value| row["source"].as_str().is_some_and(|source| source.contains("placeholder"));
    let (placeholders, good): (Vec<&Value>, Vec<&Value>) = rows.iter().partition(is_guess);
    let prices = |rows: Vec<&Value>| rows.into_iter().map(|row| row["price"].clone()).collect();
    Ok(Listed { good: prices(good), placeholders: prices(placeholders) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lim_2_a_guess_is_put_in_force_by_nobody_who_did_not_say_so() {
        let row = |model: &str, source: &str| json!({"price": {"vendor": "v", "model": model}, "source": source});
        let known = json!({"vendors": [{"vendor": "v", "list_prices": [
            row("a", "v.example/pricing"), row("b", "from memory, a placeholder: set your own"),
        ]}]});
        let Listed { good, placeholders } = listed(&known, "v").unwrap();
        assert_eq!((good.len(), placeholders.len()), (1, 1));
        assert_eq!((&good[0]["model"], &placeholders[0]["model"]), (&json!("a"), &json!("b")));
        let said = listed(&known, "w").err().unwrap().to_string();
        assert!(said.contains("no vendor w") && said.ends_with("knows v"), "{said}");
    }
}
