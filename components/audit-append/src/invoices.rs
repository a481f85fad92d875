//! `/v1/audit/invoices/{YYYY-MM}`: what a tenant pays for a month, as JSON or as a table.

use audit::{Filter, Invoice, InvoiceItem, InvoiceStatus, Month, invoice};
use calendar::Millis;
use kv_schemas::Store;
use shell::{Call, Problem, Reply, offline};
use tenancy::find_tenant;

use crate::{
    caller::Caller,
    csv::{self, Cell, row},
    query::accepts,
};

const COLUMNS: [&str; 15] = [
    "row",
    "tenant_id",
    "company",
    "month",
    "status",
    "capability",
    "provider",
    "model",
    "unit_type",
    "entries",
    "units",
    "currency",
    "cost_usd",
    "cost_nanos",
    "checkpoint",
];

/// The invoice of the caller's tenant, or of the one that the operator names.
///
/// # Errors
/// The documented problems.
pub fn show(call: &Call, store: &dyn Store, admin_key: &str, now: Millis, month: &str) -> Result<Reply, Problem> {
    let caller = Caller::of(call, store, admin_key, now)?;
    let Filter::Tenant(tenant) = caller.filter(call.query("tenant"))? else {
        return Err(Problem::invalid("tenant", "is needed: an invoice is one tenant's"));
    };
    let month = Month::parse(month).ok_or_else(|| Problem::invalid("month", "must be a month such as 2026-11"))?;
    let mut invoice = invoice(store, now, &tenant, &month).map_err(|error| offline(&error))?;
    if invoice.company.is_empty() {
        // Nothing of it is in the log yet.
        let record = find_tenant(store, &tenant).map_err(|error| offline(&error))?;
        invoice.company = record.map(|record| record.company).unwrap_or_default();
    }
    Ok(if accepts(call, csv::MEDIA_TYPE) {
        Reply::bytes(200, csv::CONTENT_TYPE, table(&invoice))
    } else {
        Reply::json(200, &invoice)
    })
}

/// A row for each line and correction, and one with the sum.
fn table(invoice: &Invoice) -> String {
    let head = row(COLUMNS.map(Cell::Text));
    let lines = invoice.lines.iter().map(|line| item(invoice, "usage", line));
    let corrections = invoice.corrections.iter().map(|line| item(invoice, "correction", line));
    let blank = ["", "", "", ""].map(Cell::Text);
    let total = invoice.total_usd.clone();
    let sum =
        [Cell::Number(invoice.entries.to_string()), Cell::Empty, Cell::Text(invoice.currency), Cell::Number(total)];
    let end = [
        Cell::Number(invoice.total_nanos.0.to_string()),
        invoice.checkpoint.as_deref().map_or(Cell::Empty, Cell::Text),
    ];
    let sum = row(about(invoice, "total").into_iter().chain(blank).chain(sum).chain(end));
    [head].into_iter().chain(lines).chain(corrections).chain([sum]).collect()
}

fn item(invoice: &Invoice, kind: &'static str, line: &InvoiceItem) -> String {
    let what = [&line.capability, &line.provider, &line.model, &line.unit_type].map(|text| Cell::Text(text));
    let counts = [line.entries, line.units].map(|count| Cell::Number(count.to_string()));
    let cost = [
        Cell::Text(invoice.currency),
        Cell::Number(line.cost_usd.clone()),
        Cell::Number(line.cost_nanos.0.to_string()),
        Cell::Empty,
    ];
    row(about(invoice, kind).into_iter().chain(what).chain(counts).chain(cost))
}

fn about<'a>(invoice: &'a Invoice, kind: &'static str) -> [Cell<'a>; 5] {
    let status = match invoice.status {
        InvoiceStatus::Open => "open",
        InvoiceStatus::Final => "final",
    };
    [kind, &invoice.tenant_id, &invoice.company, &invoice.month, status].map(Cell::Text)
}
