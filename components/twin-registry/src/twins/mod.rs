//! `/v1/twins`: a tenant's persona. The operator's for all tenants, and a tenant's own server's for its own.

mod changing;
mod consents;
mod deploy;
mod licence;
mod links;
mod persona;
mod royalties;
mod shown;

pub use changing::{changing, changing_tenant, found};
pub use consents::sealed;
pub use links::make as make_link;
pub use persona::{Drawn, cursor, drawn, make};
pub use shown::shown;

use shell::{Call, KeyValue, Problem, Reply};

use crate::access;

/// Answers a request below `/v1/twins`.
pub async fn route(call: &Call, store: &KeyValue, path: &[&str]) -> Result<Reply, Problem> {
    let allowed = methods(path).ok_or_else(|| Problem::not_found("There is nothing at this path."))?;
    if !allowed.contains(&call.method.as_str()) {
        return Err(Problem::method_not_allowed(allowed));
    }
    let who = access::who(call, store).await?;
    match (path, call.method.as_str()) {
        ([], "POST") => return persona::create(call, store, &who).await,
        ([], _) => return persona::list(call, store, &who),
        (["resolve"], _) => return links::resolve(call, store, &who),
        _ => {}
    }
    let Some((id, rest)) = path.split_first() else {
        return Err(Problem::not_found("There is nothing at this path."));
    };
    let twin = found(store, &who, id)?;
    match (rest, call.method.as_str()) {
        ([], "PATCH") => persona::update(call, store, &twin).await,
        ([], "DELETE") => persona::retire(call, &twin).await,
        ([], _) => persona::get(store, &twin),
        (["links"], "POST") => links::create(call, store, &who, &twin).await,
        (["links"], _) => Ok(links::list(&twin)),
        (["links", module], _) => links::delete(call, &twin, module).await,
        (["deploy"], "POST") => deploy::put(call, store, &twin).await,
        (["deploy"], _) => deploy::withdraw(call, &twin).await,
        (["consents"], "POST") => consents::create(call, store, &who, &twin).await,
        (["consents"], _) => consents::list(store, &twin).await,
        (["consents", consent], _) => consents::revoke(call, &twin, consent).await,
        (["licence"], "PUT") => licence::put(call, &twin).await,
        (["licence"], _) => licence::get(&twin),
        (["royalties", month], _) => royalties::get(call, store, &twin, month),
        _ => Err(Problem::not_found("There is nothing at this path.")),
    }
}

fn methods(path: &[&str]) -> Option<&'static [&'static str]> {
    Some(match path {
        [] => &["GET", "POST"],
        // A tenant of that name is meant by its twin's own id.
        ["resolve"] => &["GET"],
        [_] => &["GET", "PATCH", "DELETE"],
        [_, "links"] | [_, "consents"] => &["GET", "POST"],
        [_, "links", _] | [_, "consents", _] => &["DELETE"],
        [_, "deploy"] => &["POST", "DELETE"],
        [_, "licence"] => &["GET", "PUT"],
        [_, "royalties", _] => &["GET"],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twn_1_paths_have_their_methods() {
        let check = |path: &[&str], allowed: Option<&str>| {
            assert_eq!(methods(path).map(|methods| methods.join(", ")).as_deref(), allowed, "{path:?}");
        };
        check(&[], Some("GET, POST"));
        check(&["MTID%237K3Q-9D2M-XW4B"], Some("GET, PATCH, DELETE"));
        check(&["resolve"], Some("GET"));
        check(&["demo", "links"], Some("GET, POST"));
        check(&["demo", "links", "casino"], Some("DELETE"));
        check(&["demo", "deploy"], Some("POST, DELETE"));
        check(&["demo", "consents"], Some("GET, POST"));
        check(&["demo", "consents", "con_1"], Some("DELETE"));
        check(&["demo", "licence"], Some("GET, PUT"));
        check(&["demo", "royalties", "2026-11"], Some("GET"));
        check(&["demo", "royalties"], None);
        check(&["demo", "licence", "x"], None);
    }
}
