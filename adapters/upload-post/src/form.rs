//! A `multipart/form-data` body (RFC 7578) of plain text fields.

use adapter::prelude::*;

/// The fields in the order in which they are written. Names are the adapter's own; values may come from a page.
#[derive(Debug, Default)]
pub struct Form(Vec<(&'static str, String)>);

impl Form {
    pub fn add(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push((name, value.into()));
    }

    /// The boundary and the body.
    ///
    /// The boundary comes from `id`, so that a repeat of the call has the very same bytes; and as the gate has nothing
    /// random here, it is counted on until no value holds it: a page that guesses it gets the next one. `None` if a
    /// value holds them all, which takes more bytes than a plan lets through.
    pub fn encode(&self, id: &str) -> Option<(String, Vec<u8>)> {
        let id: String = id.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
        let boundary = (0..10_000_u32)
            .map(|attempt| format!("tollgate-{id}-{attempt:04}"))
            .find(|boundary| !self.0.iter().any(|(_, value)| value.contains(boundary.as_str())))?;
        let mut body = String::new();
        for (name, value) in &self.0 {
            body.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(&format!("--{boundary}--\r\n"));
        Some((boundary, body.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn a_guessed_boundary_is_not_used() {
        let rows = [
            ("job_1", "plain", "tollgate-job1-0000"),
            ("job_1", "--tollgate-job1-0000--\r\n", "tollgate-job1-0001"),
            ("job_1", "tollgate-job1-0000 tollgate-job1-0001", "tollgate-job1-0002"),
            ("\r\n\"; x", "plain", "tollgate-x-0000"),
            ("", "plain", "tollgate--0000"),
        ];
        for (id, value, expected) in rows {
            let mut form = Form::default();
            form.add("title", value);
            let (boundary, body) = form.encode(id).unwrap();
            assert_eq!(boundary, expected);
            let body = String::from_utf8(body).unwrap();
            assert_eq!(body.matches(&boundary).count(), 2, "{body}");
            assert!(boundary.len() <= 70, "RFC 2046 allows no longer one");
        }
    }
}
