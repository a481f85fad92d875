//! Rows, once: a table's cells are what stands in the JSON.

use serde_json::{Map, Value, json};

use super::{Colour, Paint};
use crate::cli::words::grouped;

/// Blanks between two columns.
const GAP: &str = "  ";

/// A column of a table: its heading, and the field of the row (a path such as `/limits/burst` into it).
pub struct Column {
    title: &'static str,
    pointer: &'static str,
    to_the_right: bool,
}

/// A column of words.
pub const fn left(title: &'static str, pointer: &'static str) -> Column {
    Column { title, pointer, to_the_right: false }
}

/// A column of numbers.
pub const fn right(title: &'static str, pointer: &'static str) -> Column {
    Column { title, pointer, to_the_right: true }
}

/// See the module's description.
pub struct Table {
    columns: &'static [Column],
    rows: Vec<Value>,
}

const FIELDS: &[Column] = &[left("FIELD", "/field"), left("VALUE", "/value")];

impl Table {
    pub fn new(columns: &'static [Column], rows: Vec<Value>) -> Self {
        Self { columns, rows }
    }

    /// One thing, field by field; what is in it has its path for a name.
    pub fn of_fields(thing: &Value) -> Self {
        let mut rows = Vec::new();
        flatten("", thing, &mut rows);
        Self::new(FIELDS, rows)
    }

    /// For programs.
    pub fn json(&self, name: &str, rest: &[(&str, Value)]) -> Value {
        let mut whole = Map::new();
        whole.insert(name.to_owned(), self.rows.clone().into());
        whole.extend(rest.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        whole.into()
    }

    /// For people.
    pub fn text(&self, paint: Paint) -> String {
        let cell = |row: &Value, column: &Column| shown(row.pointer(column.pointer).unwrap_or(&Value::Null));
        let cells: Vec<Vec<String>> =
            self.rows.iter().map(|row| self.columns.iter().map(|column| cell(row, column)).collect()).collect();
        let widest = |n: usize, column: &Column| {
            let cells = cells.iter().map(|row| row[n].chars().count());
            cells.chain([column.title.chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = self.columns.iter().enumerate().map(|(n, column)| widest(n, column)).collect();
        let line = |cells: Vec<&str>| {
            let parts = cells.iter().zip(&widths).zip(self.columns).map(|((cell, width), column)| {
                let blanks = " ".repeat(width.saturating_sub(cell.chars().count()));
                if column.to_the_right { format!("{blanks}{cell}") } else { format!("{cell}{blanks}") }
            });
            parts.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
        };
        let heading = line(self.columns.iter().map(|column| column.title).collect());
        let mut text = format!("{}\n", paint.of(Colour::Heading, &heading));
        for row in &cells {
            text.push_str(&line(row.iter().map(String::as_str).collect()));
            text.push('\n');
        }
        text
    }
}

fn flatten(path: &str, value: &Value, rows: &mut Vec<Value>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, inner) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, inner, rows);
            }
        }
        _ => rows.push(json!({"field": path, "value": value})),
    }
}

/// A value as people read it. What comes from a gate may be anybody's words: nothing of it gives orders to a terminal.
pub fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => "-".to_owned(),
        Value::Bool(yes) => (if *yes { "yes" } else { "no" }).to_owned(),
        Value::Number(number) => number.as_u64().map_or_else(|| number.to_string(), grouped),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "-".to_owned(),
        Value::Array(values) if values.iter().all(|value| !value.is_object() && !value.is_array()) => {
            values.iter().map(shown).collect::<Vec<_>>().join(", ")
        }
        Value::Object(fields) if fields.is_empty() => "-".to_owned(),
        value => value.to_string(),
    };
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[left("ID", "/id"), right("BURST", "/limits/burst"), left("NOTE", "/note")];

    fn table() -> Table {
        let rows = vec![
            json!({"id": "demo", "limits": {"burst": 12_000}, "note": ""}),
            json!({"id": "a-longer-one", "limits": {}, "note": "ünïcode \u{1b}[31m"}),
        ];
        Table::new(COLUMNS, rows)
    }

    #[test]
    fn ops_4_a_table_is_aligned_and_gives_no_orders_to_a_terminal() {
        let expected = "\
ID             BURST  NOTE
demo          12,000  -
a-longer-one       -  ünïcode \u{fffd}[31m
";
        assert_eq!(table().text(Paint::Off), expected);
        assert!(table().text(Paint::On).starts_with("\x1b[1mID"));
    }

    #[test]
    fn ops_4_programs_get_the_same_rows() {
        let json = table().json("tenants", &[("next_cursor", json!(null))]);
        assert_eq!(json["tenants"][0]["limits"]["burst"], 12_000);
        assert_eq!(json["tenants"].as_array().map(Vec::len), Some(2));
        assert!(json["next_cursor"].is_null());
    }

    #[test]
    fn ops_4_one_thing_is_shown_field_by_field() {
        let text =
            Table::of_fields(&json!({"id": "x", "limits": {"burst": 5}, "on": true, "of": ["a", "b"], "no": {}}))
                .text(Paint::Off);
        assert_eq!(
            text,
            "FIELD         VALUE\nid            x\nlimits.burst  5\non            yes\nof            a, b\nno            -\n"
        );
    }
}
