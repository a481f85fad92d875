//! `tollgate load`: a month of visitors against caps, played on a store in memory.

mod book;
mod house;
mod pattern;
mod play;
mod random;
mod slate;

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args;
use money::PriceRow;
use serde_json::{Value, json};
use tenancy::{Company, Tenant};

use super::access::encoded;
use super::operator::Operator;
use super::out::{self, Shape};
use super::{complain, now, tenant, wait};
use house::Caps;
use pattern::Pattern;
use slate::Slate;

/// What vendor and company are called where there is no gate to ask.
const SOMEBODY: &str = "planned";
const REFUSED: u8 = 1;

#[derive(Args)]
pub struct Load {
    /// Caps, ladder and prices of this tenant of a gate, which is asked for them and for nothing else. Options for caps go
    /// before them.
    #[arg(long)]
    tenant: Option<String>,
    #[command(flatten)]
    caps: Caps,
    /// The price of a unit in USD, such as input_tokens=0.0000004. May be given again.
    #[arg(long = "price", value_name = "UNIT=USD", value_parser = house::price)]
    prices: Vec<(String, String)>,
    #[command(flatten)]
    pattern: Pattern,
    #[command(flatten)]
    shape: Shape,
    #[command(flatten)]
    operator: Operator,
}

/// Who is asked for what.
pub struct House {
    pub tenant: Tenant,
    pub company: Company,
    pub prices: Vec<PriceRow>,
    /// Vendor and model of chats, and of video.
    pub chat: (String, String),
    pub video: (String, String),
}

impl Load {
    pub fn run(self) -> ExitCode {
        match self.played() {
            Ok(false) => ExitCode::SUCCESS,
            Ok(true) => ExitCode::from(REFUSED),
            Err(error) => {
                complain(&error);
                ExitCode::from(super::UNCHECKED)
            }
        }
    }

    /// Whether anybody was refused anything.
    fn played(&self) -> Result<bool> {
        self.pattern.check()?;
        let house = match &self.tenant {
            Some(tenant) => self.asked(tenant)?,
            None => self.made_up()?,
        };
        let store = Slate::of(&house)?;
        let book = play::play(&store, &house, &self.pattern)?;
        if self.shape.json {
            out::document(&book.json(&self.pattern))?
        } else {
            out::say(&book.text(&self.pattern))?
        }
        Ok(book.has_refused())
    }

    fn made_up(&self) -> Result<House> {
        ensure!(
            !self.prices.is_empty(),
            "what does a unit cost? Give --price (twice for chats), or --tenant of a gate"
        );
        let body = json!({"id": SOMEBODY, "company": SOMEBODY, "limits": {}});
        let prices = self.prices.iter().map(|(unit, usd)| PriceRow::new(SOMEBODY, "*", unit, usd)).collect();
        let vendor = || (SOMEBODY.to_owned(), String::new());
        let company = Company::default();
        Ok(House { tenant: self.caps.over(&body)?, company, prices, chat: vendor(), video: vendor() })
    }

    /// Three questions that change nothing.
    fn asked(&self, tenant: &str) -> Result<House> {
        let gate = self.operator.admin()?;
        wait(async {
            let record: Value = gate.read(&tenant::path(tenant)).await?;
            let company = record["company"].as_str().unwrap_or_default();
            let company: Option<Value> = gate.find(&format!("/v1/companies/{}", encoded(company))).await?;
            let prices: Value = gate.read("/v1/prices").await?;
            let vendors: Value = gate.read("/v1/vendors").await?;
            let rows: Vec<PriceRow> =
                serde_json::from_value(prices["prices"].clone()).context("the gate's prices can't be read")?;
            let today = now().day();
            let usual = |vendor: &str| {
                let known = vendors["vendors"].as_array()?.iter().find(|one| one["vendor"] == vendor)?;
                known["models"].get(0)?.as_str().map(str::to_owned)
            };
            let choice = |capability: &str| {
                let choice = &record["vendors"][capability];
                let vendor = choice["provider"].as_str().unwrap_or(SOMEBODY).to_owned();
                let model = choice["model"].as_str().map(str::to_owned).or_else(|| usual(&vendor));
                (vendor, model.unwrap_or_default())
            };
            let (chat, video) = (choice("chat"), choice("video"));
            // Prices that come into force later don't count yet.
            let mut prices: Vec<PriceRow> = rows.into_iter().filter(|row| row.valid_from <= today).collect();
            for (unit, usd) in &self.prices {
                let own = |(vendor, model): &(String, String)| PriceRow::new(vendor, model, unit, usd);
                prices.extend([own(&chat), own(&video)]);
            }
            let company = company.map(serde_json::from_value).transpose().context("the company can't be read")?;
            Ok(House { tenant: self.caps.over(&record)?, company: company.unwrap_or_default(), prices, chat, video })
        })
    }
}

#[cfg(test)]
mod tests;
