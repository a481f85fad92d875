//! Companies: caps that hold for all their tenants together, and defaults for each of them.

use shell::{Call, KeyValue, Problem, Reply, host, offline};
use tenancy::{company, parse_company, put_company};

use crate::{journal::Log, refuse};

/// `PUT /v1/companies/{id}`
pub fn put(call: &Call, store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    let record = parse_company(id, &call.json()?).map_err(refuse::invalid)?;
    put_company(store, host::now(), &record, &Log(call)).map_err(|error| offline(&error))?;
    Ok(Reply::json(200, &record))
}

/// `GET /v1/companies/{id}`
pub fn get(store: &KeyValue, id: &str) -> Result<Reply, Problem> {
    match company(id).get(store).map_err(|error| offline(&error))? {
        Some(record) => Ok(Reply::json(200, &record)),
        None => Err(Problem::not_found("There is no such company.")),
    }
}
