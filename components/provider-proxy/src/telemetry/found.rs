//! What is found in a vendor's answer for its span: what was used, and which model answered.

use super::otlp::Attribute;
use crate::bindings::adapter::{Quantity, Usage};

/// What was used, as the conventions count it: what came out of the vendor's cache is among the tokens of the input.
pub fn used(usage: &Usage) -> Vec<Attribute> {
    let (Usage::Reported(found) | Usage::Counted(found)) = usage else { return Vec::new() };
    let units = |unit: &str| -> Option<u64> {
        let mut of_unit = found.iter().filter(|quantity: &&Quantity| quantity.unit_type == unit).peekable();
        of_unit.peek()?;
        Some(of_unit.map(|quantity| quantity.units).fold(0, u64::saturating_add))
    };
    let cached = units("cached_input_tokens");
    let input = units("input_tokens").map(|tokens| tokens.saturating_add(cached.unwrap_or(0)));
    let named = [
        ("gen_ai.usage.input_tokens", input),
        ("gen_ai.usage.cache_read.input_tokens", cached),
        ("gen_ai.usage.output_tokens", units("output_tokens")),
        ("tollgate.usage.characters", units("characters")),
    ];
    named.into_iter().filter_map(|(name, units)| Some(Attribute::number(name, units?))).collect()
}

/// The first member `model` of what is in OpenAI's shape. In a text it would have other quotes.
pub fn model_in(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let rest = text.split_once("\"model\":")?.1.trim_start().strip_prefix('"')?;
    let name = rest.split_once('"')?.0;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.:/@".contains(&b);
    (!name.is_empty() && name.len() <= 100 && name.bytes().all(plain)).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_1_the_answers_model_is_found_and_no_words_are() {
        let check = |text: &str, model: Option<&str>| assert_eq!(model_in(text.as_bytes()).as_deref(), model, "{text}");
        check(r#"{"id":"c","model":"gpt-5-mini-2025","choices":[]}"#, Some("gpt-5-mini-2025"));
        check("data: {\"id\":\"c\",\"model\": \"a/b\"}\n\n", Some("a/b"));
        check(r#"{"content":"{\"model\":\"said\"}"}"#, None);
        check(r#"{"model":"words of a page"}"#, None);
        check(r#"{"model":5}"#, None);
        check("", None);
    }
}
