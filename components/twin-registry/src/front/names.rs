//! `behaviorMode` there is `behavior_mode` here.

use problem::Problem;
use serde_json::Value as Json;

/// What somebody brings as it is: its names are their own.
const OPAQUE: &str = "context";

/// All names of an object in our way to write them. Names that are written so already stay.
pub fn snake(value: &Json) -> Json {
    match value {
        Json::Object(fields) => {
            let renamed = fields.iter().map(|(name, value)| match name.as_str() {
                OPAQUE => (name.clone(), value.clone()),
                _ => (snake_name(name), snake(value)),
            });
            Json::Object(renamed.collect())
        }
        Json::Array(items) => Json::Array(items.iter().map(snake).collect()),
        other => other.clone(),
    }
}

/// All names of an object in their way.
pub fn camel(value: &Json) -> Json {
    match value {
        Json::Object(fields) => {
            let renamed = fields.iter().map(|(name, value)| match name.as_str() {
                OPAQUE => (name.clone(), value.clone()),
                _ => (camel_name(name), camel(value)),
            });
            Json::Object(renamed.collect())
        }
        Json::Array(items) => Json::Array(items.iter().map(camel).collect()),
        other => other.clone(),
    }
}

/// The field that is wrong, by the name that the caller knows it by.
pub fn problem(problem: Problem) -> Problem {
    let Some(param) = &problem.param else {
        return problem;
    };
    let known = match param.as_str() {
        "tenant" => "tenantId".to_owned(),
        other => camel_name(other),
    };
    Problem { message: problem.message.replacen(param.as_str(), &known, 1), param: Some(known), ..problem }
}

fn snake_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    match out.as_str() {
        "tenant_id" => "tenant".into(),
        // A digit is no new word to who writes it, and is to us.
        "evidence_sha256" | "evidence_s_h_a256" => "evidence_sha256".into(),
        _ => out,
    }
}

fn camel_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut raise = false;
    for letter in name.chars() {
        match letter {
            '_' => raise = true,
            letter if raise => {
                out.push(letter.to_ascii_uppercase());
                raise = false;
            }
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_changed_and_values_and_contexts_are_not() {
        let theirs = json!({"name": "a_b", "behaviorMode": "coHost", "tenantId": "demo", "emotion": 3,
            "consent": {"givenAt": "x", "evidenceSha256": "y"}, "context": {"homeTeam": [{"aB": 1}]}});
        let ours = json!({"name": "a_b", "behavior_mode": "coHost", "tenant": "demo", "emotion": 3,
            "consent": {"given_at": "x", "evidence_sha256": "y"}, "context": {"homeTeam": [{"aB": 1}]}});
        assert_eq!(snake(&theirs), ours);
        assert_eq!(snake(&ours), ours, "both ways to write it are understood");
        let back = json!({"tenantId": "d", "createdAt": "x", "links": [{"moduleName": 1}], "context": {"a_b": 1}});
        assert_eq!(
            camel(&json!({"tenant_id": "d", "created_at": "x", "links": [{"module_name": 1}], "context": {"a_b": 1}})),
            back
        );
    }

    #[test]
    fn what_is_wrong_is_named_as_the_caller_knows_it() {
        let check = |param: &str, shown: &str| {
            let told = problem(Problem::invalid(param, format!("{param} is required")));
            assert_eq!(
                (told.param.as_deref(), told.message.as_str()),
                (Some(shown), format!("{shown} is required").as_str())
            );
        };
        check("behavior_mode", "behaviorMode");
        check("consent.evidence_sha256", "consent.evidenceSha256");
        check("tenant", "tenantId");
        check("name", "name");
    }
}
