//! A cheaper model while the tenant is throttled: the binding's option `throttled_model`.

use serde_json::{Map, Value as Json};
use shell::Problem;

use crate::{
    bindings::{
        adapter::Operation,
        limits::{self, Rung},
    },
    problems::denied,
    vendor::Vendor,
};

/// The operation as it is, or with the cheaper model in place of whatever the page asked for.
pub fn thrifty(vendor: &Vendor, operation: Operation) -> Result<Operation, Problem> {
    let cheaper = vendor.binding.options.get("throttled_model").and_then(Json::as_str);
    let (Some(model), Operation::Chat(request)) = (cheaper, &operation) else { return Ok(operation) };
    match limits::standing(&vendor.tenant).map_err(denied)? {
        Rung::Full => Ok(operation),
        Rung::Throttled | Rung::TextOnly => Ok(Operation::Chat(with_model(request, model))),
    }
}

/// What can't be read stays as it is: the adapter says what is wrong with it.
fn with_model(request: &[u8], model: &str) -> Vec<u8> {
    let Ok(mut fields) = serde_json::from_slice::<Map<String, Json>>(request) else { return request.to_vec() };
    fields.insert("model".into(), Json::String(model.into()));
    serde_json::to_vec(&fields).unwrap_or_else(|_| request.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_model_changes() {
        let check = |request: &str, expected: &str| {
            let changed = String::from_utf8(with_model(request.as_bytes(), "small")).unwrap();
            match serde_json::from_str::<Json>(expected) {
                Ok(expected) => assert_eq!(serde_json::from_str::<Json>(&changed).unwrap(), expected),
                Err(_) => assert_eq!(changed, expected),
            }
        };
        check(r#"{"messages":[],"model":"large"}"#, r#"{"messages":[],"model":"small"}"#);
        check(r#"{"messages":[{"content":"h"}],"n":1}"#, r#"{"messages":[{"content":"h"}],"n":1,"model":"small"}"#);
        check("[1]", "[1]");
        check("{", "{");
    }
}
