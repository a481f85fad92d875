//! Text with `{{ variable }}` in it, as component variables and outbound hosts allow.

use anyhow::{Context, Result, bail};

/// A parsed template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(String),
}

impl Template {
    /// Parses; a brace pair that is never closed, or a name no variable can have, is an error.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) =
                after.split_once("}}").with_context(|| format!("`{text}`: expected `}}}}` after `{{{{`"))?;
            let name = name.trim();
            if !is_variable_name(name) {
                bail!("`{text}`: `{name}` is no variable name");
            }
            if !before.is_empty() {
                parts.push(Part::Text(before.into()));
            }
            parts.push(Part::Variable(name.into()));
            rest = after;
        }
        if rest.contains("}}") {
            bail!("`{text}`: `}}}}` without `{{{{`");
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.into()));
        }
        Ok(Self(parts))
    }

    /// The variables it names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// Puts the values in.
    pub fn expand<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> Result<String> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Variable(name) => {
                    text.push_str(value(name).with_context(|| format!("variable `{name}` has no value"))?)
                }
            }
        }
        Ok(text)
    }
}

/// Lower-case words joined by single underscores, beginning with a letter.
pub fn is_variable_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('_')
        && !name.contains("__")
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, expected: Option<&str>) {
        let expanded = Template::parse(template).and_then(|template| {
            template.expand(|name| match name {
                "host" => Some("api.example.com"),
                "port" => Some("8080"),
                _ => None,
            })
        });
        assert_eq!(expanded.ok().as_deref(), expected, "{template}");
    }

    #[test]
    fn templates() {
        check("plain", Some("plain"));
        check("", Some(""));
        check("{{ host }}", Some("api.example.com"));
        check("https://{{host}}:{{ port }}/", Some("https://api.example.com:8080/"));
        check("{{ missing }}", None);
        check("{{ host", None);
        check("host }}", None);
        check("{{ }}", None);
        check("{{ Host }}", None);
        check("{{ a__b }}", None);
    }
}
