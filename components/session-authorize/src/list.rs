//! `GET /v1/sessions?tenant=&state=&limit=&cursor=`: a tenant's server sees its own sessions, the operator everybody's.

use session::{Asked, Caller, Grant, Which, list, verify};
use shell::{Call, KeyValue, Problem, Reply, host, page};
use tenancy::is_id;

use crate::sessions::problem;

const DEFAULT_PAGE: usize = 50;
const MAX_PAGE: usize = 200;

/// A page of the list. Reads only, and at most [`session::MAX_PLACES`] places of it.
pub async fn show(call: &Call, store: &KeyValue) -> Result<Reply, Problem> {
    let admin_key = host::variable("admin_key").await;
    let now = host::now();
    let grant = verify(store, &admin_key, call.authorization(), call.origin().as_deref(), now).map_err(problem)?;
    if grant.caller != Caller::Operator {
        call.is_of(&grant.tenant);
    }
    let asked = Asked {
        tenant: whose(&grant, call.query("tenant"))?,
        which: which(call.query("state").as_deref())?,
        limit: page::limit(call.query("limit").as_deref(), DEFAULT_PAGE, MAX_PAGE)?,
        cursor: call.query("cursor"),
    };
    let page = list(store, now, &asked).map_err(problem)?;
    // It says who is there now: nobody keeps that.
    Ok(Reply::json(200, &page).with("cache-control", "no-store"))
}

/// Whose sessions this caller sees. The operator may name a tenant that is gone: its sessions are still there for a while.
fn whose(grant: &Grant, named: Option<String>) -> Result<Option<String>, Problem> {
    match (grant.caller, named) {
        (Caller::Page, _) => {
            Err(Problem::forbidden("secret_key_needed", "This route is for a tenant's secret key; pages can't use it."))
        }
        (_, Some(named)) if !is_id(&named) => Err(Problem::invalid("tenant", "must be a tenant's id")),
        (Caller::Operator, named) => Ok(named),
        (Caller::Server, Some(named)) if named != grant.tenant => {
            let problem = Problem::forbidden("wrong_tenant", "This key belongs to another tenant.");
            Err(problem.with_param(Some("tenant".into())))
        }
        (Caller::Server, _) => Ok(Some(grant.tenant.clone())),
    }
}

fn which(text: Option<&str>) -> Result<Which, Problem> {
    match text {
        None | Some("all") => Ok(Which::All),
        Some("open") => Ok(Which::Open),
        Some("ended") => Ok(Which::Ended),
        Some(_) => Err(Problem::invalid("state", "must be one of open, ended, all")),
    }
}
