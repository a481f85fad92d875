//! Tables as text (RFC 4180) that a spreadsheet opens as what they are.

/// The media type, with what RFC 4180 says of it.
pub const CONTENT_TYPE: &str = "text/csv; charset=utf-8; header=present";
/// What a caller asks for.
pub const MEDIA_TYPE: &str = "text/csv";

/// What is in a cell.
pub enum Cell<'a> {
    /// Somebody's text.
    Text(&'a str),
    /// Our own number: the one thing that may begin with a sign.
    Number(String),
    /// Nothing.
    Empty,
}

impl Cell<'_> {
    fn write(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Number(number) => number.clone(),
            // A spreadsheet takes such a text for a formula, and runs it. The apostrophe says that it is text.
            Cell::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => quoted(&format!("'{text}")),
            Cell::Text(text) => quoted(text),
        }
    }
}

fn quoted(text: &str) -> String {
    let is_plain = !text.contains([',', '"', '\r', '\n']) && text.trim() == text;
    if is_plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

/// One row with its line end.
pub fn row<'a>(cells: impl IntoIterator<Item = Cell<'a>>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|cell| cell.write()).collect();
    cells.join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        let check = |cell: Cell<'_>, written: &str| assert_eq!(cell.write(), written);
        check(Cell::Text("gpt-4.1-mini"), "gpt-4.1-mini");
        check(Cell::Text("a,b"), "\"a,b\"");
        check(Cell::Text("say \"hi\""), "\"say \"\"hi\"\"\"");
        check(Cell::Text("one\ntwo"), "\"one\ntwo\"");
        check(Cell::Text(" edge"), "\" edge\"");
        check(Cell::Text(""), "");
        check(Cell::Text("=1+1"), "'=1+1");
        check(Cell::Text("=HYPERLINK(\"http://x\",1)"), "\"'=HYPERLINK(\"\"http://x\"\",1)\"");
        check(Cell::Text("+1"), "'+1");
        check(Cell::Text("-1"), "'-1");
        check(Cell::Text("@SUM(A1)"), "'@SUM(A1)");
        check(Cell::Text("\t=1"), "'\t=1");
        check(Cell::Text("\r=1"), "\"'\r=1\"");
        check(Cell::Number("-0.01".into()), "-0.01");
        assert_eq!(row([Cell::Text("a"), Cell::Empty, Cell::Number("7".into())]), "a,,7\r\n");
    }
}
