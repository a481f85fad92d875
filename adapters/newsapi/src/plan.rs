//! Plans one request for headlines or a search.
//!
//! Options: `country` of the headlines (`us`), `language` of searches (`en`), `page_size` (10), `sort_by`
//! (`publishedAt`, `relevancy`, `popularity`), `cache_seconds` (600).

use adapter::prelude::*;
use adapter::{Call, Options, PlanError, Quantity, Unit};

/// The largest answer that is read: a hundred articles with their beginnings.
pub const MAX_BYTES: usize = 512 * 1024;

/// The vendor's own longest query.
const MAX_QUERY_CHARS: usize = 500;

const CATEGORIES: [&str; 7] = ["business", "entertainment", "general", "health", "science", "sports", "technology"];

const EXPECTED: &str = "must be headlines, headlines/{category}, headlines/{category}/{country} or search/{text}";

/// The upstream request for a topic.
pub fn context(topic: &str, options: &str) -> Result<Call, PlanError> {
    let options = Options::parse(options)?;
    let wrong = || PlanError::invalid("topic", EXPECTED);
    let cache = options.integer("cache_seconds", 600, 0, 86_400)?;
    let page_size = options.integer("page_size", 10, 1, 100)?;

    let query = match topic.split_once('/') {
        None if topic == "headlines" => headlines(None, None, &options)?,
        // The text is as the visitor typed it, so it may hold slashes as well.
        Some(("search", text)) => search(text, &options)?,
        Some(("headlines", rest)) => match rest.split_once('/') {
            None => headlines(Some(rest), None, &options)?,
            Some((category, country)) => headlines(Some(category), Some(country), &options)?,
        },
        _ => return Err(wrong()),
    };
    let mut call = Call::get(format!("/v2/{query}&pageSize={page_size}"));
    call.worst_case = vec![Quantity::new(Unit::Requests, 1)];
    call.max_answer_bytes = MAX_BYTES as u64;
    call.cache_seconds = u32::try_from(cache).unwrap_or(0);
    Ok(call)
}

/// The vendor wants at least one condition, so there is always a country.
fn headlines(category: Option<&str>, country: Option<&str>, options: &Options) -> Result<String, PlanError> {
    let (country, field) = match country {
        Some(country) => (country.to_owned(), "topic"),
        None => (options.text("country")?.unwrap_or_else(|| "us".to_owned()), "options.country"),
    };
    if !is_code(&country) {
        return Err(PlanError::invalid(field, "must name a country by two small letters"));
    }
    match category {
        None => Ok(format!("top-headlines?country={country}")),
        Some(category) if CATEGORIES.contains(&category) => {
            Ok(format!("top-headlines?country={country}&category={category}"))
        }
        Some(_) => Err(PlanError::invalid("topic", format!("must have one of {} as category", CATEGORIES.join(", ")))),
    }
}

fn search(text: &str, options: &Options) -> Result<String, PlanError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_QUERY_CHARS || text.chars().any(char::is_control) {
        return Err(PlanError::invalid("topic", format!("must search for 1 to {MAX_QUERY_CHARS} characters")));
    }
    let language = options.text("language")?.unwrap_or_else(|| "en".to_owned());
    if !is_code(&language) {
        return Err(PlanError::invalid("options.language", "must name a language by two small letters"));
    }
    let sort = options.text("sort_by")?.unwrap_or_else(|| "publishedAt".to_owned());
    if !matches!(sort.as_str(), "publishedAt" | "relevancy" | "popularity") {
        return Err(PlanError::invalid("options.sort_by", "must be publishedAt, relevancy or popularity"));
    }
    Ok(format!("everything?q={}&language={language}&sortBy={sort}", encoded(text)))
}

fn is_code(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_lowercase())
}

/// Percent-encoding of all but RFC 3986's unreserved characters: nothing of the text can end the value it is in.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
