//! `GET /v1/openapi.json`: the whole interface, OpenAPI 3.1, embedded at build time.

use shell::Reply;

const DOCUMENT: &[u8] = include_bytes!("../openapi.json");

/// The document.
pub fn get() -> Reply {
    Reply::bytes(200, "application/json", DOCUMENT)
}

#[cfg(test)]
mod of_code;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value as Json;

    use super::*;

    pub(super) fn document() -> Json {
        serde_json::from_slice(DOCUMENT).unwrap()
    }

    fn references(value: &Json, found: &mut BTreeSet<String>) {
        match value {
            Json::Object(fields) => {
                if let Some(Json::String(reference)) = fields.get("$ref") {
                    found.insert(reference.clone());
                }
                fields.values().for_each(|field| references(field, found));
            }
            Json::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_component_is_used() {
        let document = document();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.len() > 10);
        for reference in &found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        for (kind, members) in document["components"].as_object().unwrap() {
            for name in members.as_object().unwrap().keys().filter(|_| kind != "securitySchemes") {
                let reference = format!("#/components/{kind}/{name}");
                assert!(found.contains(&reference), "{reference} is used nowhere");
            }
        }
    }

    #[test]
    fn every_operation_has_an_id_an_answer_and_its_parameters() {
        let document = document();
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
        let mut ids = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let operations = ["get", "put", "post", "patch", "delete"].iter().filter_map(|method| item.get(method));
            for operation in operations {
                let id = operation["operationId"].as_str().unwrap();
                assert!(ids.insert(id.to_owned()), "{id} twice");
                let responses = operation["responses"].as_object().unwrap();
                assert!(responses.keys().any(|status| status.starts_with('2') || status == "101"), "{id}");
                assert_eq!(responses["405"]["$ref"], "#/components/responses/MethodNotAllowed", "{id}");
                for name in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                    let all = [&item["parameters"], &operation["parameters"]];
                    let declared = all.iter().filter_map(|list| list.as_array()).flatten();
                    let mut names = declared.filter(|parameter| parameter["in"] == "path").map(|p| &p["name"]);
                    assert!(names.any(|declared| declared == name), "{id}: {name}");
                }
            }
        }
        assert!(ids.len() > 30);
    }

    /// Neither a route that nobody is told of, nor one that leads to the page for what isn't there.
    #[test]
    fn it_has_the_routes_of_the_manifest() {
        let manifest = include_str!("../../../spin.toml");
        let routes = manifest.lines().filter_map(|line| line.strip_prefix("route = \"")?.strip_suffix('"'));
        // The site serves what nobody else does; of that only its settings are an interface for programs.
        let routes: Vec<&str> = routes.filter(|route| *route != "/...").chain(["/v1/site", "/site.json"]).collect();
        let same = |(route, path): (&str, &str)| route == path || (route.starts_with(':') && path.starts_with('{'));
        let leads = |route: &str, path: &str| {
            let (pattern, open) = route.strip_suffix("/...").map_or((route, false), |folder| (folder, true));
            let (wanted, found) = (pattern.split('/').count(), path.split('/').count());
            (wanted == found || (open && found > wanted)) && pattern.split('/').zip(path.split('/')).all(same)
        };
        let document = document();
        let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
        let mut wrong = Vec::new();
        for route in routes.iter().filter(|route| !paths.iter().any(|path| leads(route, path))) {
            wrong.push(format!("{route} is not documented"));
        }
        for path in paths.iter().filter(|path| !routes.iter().any(|route| leads(route, path))) {
            wrong.push(format!("{path} has no route"));
        }
        assert_eq!(wrong, Vec::<String>::new());
    }

    #[test]
    fn the_error_shape_is_the_one_that_is_sent() {
        let sent: Json = serde_json::from_slice(&problem::Problem::age_required(21).to_json("req_1")).unwrap();
        let schema = &document()["components"]["schemas"]["Error"]["properties"]["error"]["properties"];
        let names = |value: &Json| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(&sent["error"]), names(schema));
    }

    #[test]
    fn the_limits_are_those_that_are_read() {
        let document = document();
        let schema = document["components"]["schemas"]["Limits"]["properties"].as_object().unwrap();
        let read = |field: &str, value: Json| {
            tenancy::parse_company("acme", &serde_json::json!({"limits": {field: value}})).map(|_| ())
        };
        for (field, rule) in schema {
            assert_eq!(read(field, Json::Null), Ok(()), "{field}");
            let Some(caps) = rule.get("additionalProperties") else {
                assert!(rule.get("pattern").is_some() || rule["maximum"].is_u64(), "{field}");
                let fits = rule.get("maximum").unwrap_or(&rule["examples"][0]);
                assert_eq!(read(field, fits.clone()), Ok(()), "{field}");
                continue;
            };
            for unit in rule["propertyNames"]["enum"].as_array().unwrap() {
                let map = serde_json::json!({unit.as_str().unwrap(): caps["maximum"]});
                assert_eq!(read(field, map), Ok(()), "{field}");
            }
        }
        let all = r#"{"monthly_cost_usd":"1","daily_units":{"seconds":1},"session_cost_usd":"1",
            "session_units":{"seconds":1},"burst":1,"queue_wait_ms":1,"requests_per_minute":1,"request_burst":1}"#;
        let written: tenancy::Limits = serde_json::from_str(all).unwrap();
        let names = |fields: &serde_json::Map<String, Json>| fields.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(serde_json::to_value(&written).unwrap().as_object().unwrap()), names(schema));
    }

    #[test]
    fn prices_and_settings_are_those_that_are_read() {
        let document = document();
        let names = |value: &Json| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        let check = |schema: &str, written: &Json| {
            assert_eq!(names(&document["components"]["schemas"][schema]["properties"]), names(written), "{schema}");
        };
        let row = serde_json::json!({"vendor": "v", "model": "m", "unit_type": "seconds", "usd_per_unit": "1",
            "valid_from": "2026-01-01", "from_input_tokens": 1, "hours_utc": "01:00-04:00"});
        let rows = tenancy::parse_prices(&serde_json::json!({"prices": [row]})).unwrap();
        check("PriceRow", &serde_json::to_value(&rows[0]).unwrap());

        let tenant = tenancy::parse_tenant(&serde_json::json!({"id": "a", "company": "c",
            "vendors": {"context": {"provider": "v", "model": "m", "into_chat": "t", "cache_seconds": 1}},
            "routes": {"auto": {"rungs": [{"provider": "v", "model": "m", "rank": 1}], "template": "t"}}}));
        let mut tenant = tenant.unwrap();
        let asked = serde_json::to_value(&tenant).unwrap();
        check("TenantInput", &asked);
        tenant.twin = Some(tenancy::TwinAccess::new("MTID#0000-0000-0001"));
        (tenant.disclosure.law, tenant.disclosure.spoken) = (Some(tenancy::Law::Eu), Some(true));
        let tenant = serde_json::to_value(&tenant).unwrap();
        check("Tenant", &tenant);
        check("VendorChoice", &tenant["vendors"]["context"]);
        check("Route", &tenant["routes"]["auto"]);
        check("RouteRung", &tenant["routes"]["auto"]["rungs"][0]);
        check("Privacy", &tenant["privacy"]);
        check("Disclosure", &tenant["disclosure"]);
        let defaults = &document["components"]["schemas"]["Route"]["properties"]["weights"]["properties"];
        for (weight, default) in tenant["routes"]["auto"]["weights"].as_object().unwrap() {
            assert_eq!(&defaults[weight]["default"], default, "{weight}");
        }
        let label = &document["components"]["schemas"]["Disclosure"]["properties"]["label"]["default"];
        assert_eq!(label, &tenant["disclosure"]["label"]);
        let example = &document["components"]["schemas"]["Tenant"]["properties"]["routes"]["examples"][0];
        let read = tenancy::parse_tenant(&serde_json::json!({"id": "a", "company": "c", "routes": example}));
        assert!(read.is_ok(), "{read:?}");
    }

    #[test]
    fn what_honours_an_idempotency_key_says_so() {
        let document = document();
        let check = |path: &str, honoured: bool| {
            let post = &document["paths"][path]["post"];
            let named = post["parameters"].as_array().into_iter().flatten();
            let parameters = named.filter(|parameter| parameter["$ref"] == "#/components/parameters/IdempotencyKey");
            assert_eq!(parameters.count() == 1, honoured, "{path}");
            if honoured {
                assert_eq!(post["responses"]["409"]["$ref"], "#/components/responses/Conflict", "{path}");
            }
        };
        check("/v1/tenants", true);
        check("/v1/tenants/{id}/keys", true);
        check("/v1/sessions", true);
        check("/v1/preflight", true);
        check("/v1/chat/completions", true);
        check("/v1/speech", true);
        check("/v1/video/sessions", true);
        check("/v1/realtime/tokens", true);
        check("/v1/jobs", true);
        check("/v1/runs", true);
        check("/v1/runs/{id}/continue", true);
        check("/v1/runs/{id}/cancel", false);
        check("/v1/audit/corrections", true);
        check("/v1/twins", true);
        check("/v1/twins/{id}/links", true);
        check("/v1/twins/{id}/consents", true);
        check("/v1/twins/{id}/deploy", false);
        check("/api/metatwin/create", true);
        check("/v1/twins/{id}/train", true);
        check("/api/metatwin/train", true);
        check("/v1/sessions/{id}/ticks", false);
        check("/v1/maintenance", false);
        let conflict = document["components"]["responses"]["Conflict"]["description"].as_str().unwrap();
        for code in ["in_progress", "already_answered", "already_attempted", "idempotency_key_reused"] {
            assert!(conflict.contains(code), "{code}");
        }
    }
}
