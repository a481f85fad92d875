//! YAML as JSON values: what deploy files are written in.

use serde::Deserialize;
use serde_json::Value;

/// Every document of a file.
pub fn documents(text: &str) -> Result<Vec<Value>, String> {
    let documents = serde_yaml_ng::Deserializer::from_str(text).map(Value::deserialize);
    let documents: Result<Vec<_>, _> = documents.collect();
    Ok(documents.map_err(|error| error.to_string())?.into_iter().filter(|document| !document.is_null()).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_has_documents() {
        assert_eq!(documents("a: 1\n---\n# nothing\n---\nb: [x]\n").unwrap(), [json!({"a": 1}), json!({"b": ["x"]})]);
        assert!(documents("a: [").is_err());
    }
}
