//! `tollgate key ...`: the keys by which a tenant's pages and servers are known.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use http::Method;
use serde_json::{Value, json};

use super::access::encoded;
use super::operator::Operator;
use super::out::{self, Column, Shape, Table, left};
use super::{done, tenant, wait};

const COLUMNS: &[Column] = &[left("KEY ID", "/id"), left("KIND", "/kind"), left("REVOKED", "/revoked")];

#[derive(Subcommand)]
pub enum Key {
    /// Lists a tenant's keys by their ids. The keys themselves are kept nowhere.
    List(List),
    /// Makes one more key, and shows it this once.
    Create(Create),
    /// Revokes a key and every session that it opened, at once.
    Revoke(Revoke),
}

#[derive(Args)]
pub struct List {
    tenant: String,
    #[command(flatten)]
    shape: Shape,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Args)]
pub struct Create {
    tenant: String,
    /// For pages, where everybody may see it, or for servers.
    #[arg(long, value_enum)]
    kind: Kind,
    #[command(flatten)]
    shape: Shape,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Publishable,
    Secret,
}

#[derive(Args)]
pub struct Revoke {
    tenant: String,
    /// As `tollgate key list` shows it.
    key_id: String,
    #[command(flatten)]
    operator: Operator,
}

impl Key {
    pub fn run(self) -> ExitCode {
        done(match self {
            Self::List(list) => list.run(),
            Self::Create(create) => create.run(),
            Self::Revoke(revoke) => revoke.run(),
        })
    }
}

impl List {
    fn run(self) -> Result<()> {
        let gate = self.operator.admin()?;
        let mut answer: Value = wait(gate.read(&path(&self.tenant)))?;
        let rows = answer["keys"].as_array_mut().map(std::mem::take).unwrap_or_default();
        self.shape.rows("keys", &Table::new(COLUMNS, rows), &[])
    }
}

impl Create {
    fn run(self) -> Result<()> {
        let gate = self.operator.admin()?;
        let kind = match self.kind {
            Kind::Publishable => "publishable",
            Kind::Secret => "secret",
        };
        let made = wait(gate.change(Method::POST, &path(&self.tenant), &[], Some(&json!({"kind": kind}))))?;
        self.shape.one(&made)?;
        out::aside("keep it now: the gate has only its hash, and shows it to nobody again");
        Ok(())
    }
}

impl Revoke {
    fn run(self) -> Result<()> {
        let gate = self.operator.admin()?;
        let path = format!("{}/{}", path(&self.tenant), encoded(&self.key_id));
        wait(gate.change(Method::DELETE, &path, &[], None))?;
        out::say(&format!("{} of {} is revoked\n", self.key_id, self.tenant))
    }
}

fn path(tenant: &str) -> String {
    format!("{}/keys", tenant::path(tenant))
}
