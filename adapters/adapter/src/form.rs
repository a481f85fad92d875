//! A `multipart/form-data` body (RFC 7578) of texts and files.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The fields in the order in which they are written. Names are the adapter's own; contents may come from anybody.
#[derive(Debug, Default)]
pub struct Form(Vec<Part>);

#[derive(Debug)]
struct Part {
    name: &'static str,
    file: Option<File>,
    content: Vec<u8>,
}

/// What is said of a file. Both are the adapter's own words.
#[derive(Debug)]
struct File {
    name: &'static str,
    media_type: &'static str,
}

impl Form {
    /// A text.
    pub fn text(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push(Part { name, file: None, content: value.into().into_bytes() });
    }

    /// A file by a name that the vendor is to know it by.
    pub fn file(&mut self, name: &'static str, file_name: &'static str, media_type: &'static str, content: Vec<u8>) {
        self.0.push(Part { name, file: Some(File { name: file_name, media_type }), content });
    }

    /// The boundary and the body.
    ///
    /// The boundary comes from `id`, so that a repeat of the call has the very same bytes; and as the gate has nothing
    /// random here, it is counted on until no content holds it: who guesses it gets the next one. `None` if a content
    /// holds them all, which takes more bytes than a plan lets through.
    pub fn encode(&self, id: &str) -> Option<(String, Vec<u8>)> {
        let id: String = id.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
        let holds = |boundary: &str| self.0.iter().any(|part| contains(&part.content, boundary.as_bytes()));
        let start = format!("tollgate-{id}-");
        // Nobody has guessed anything: one look at the contents instead of one for each boundary.
        let guessed = holds(&start);
        let boundary = (0..10_000_u32)
            .map(|attempt| format!("{start}{attempt:04}"))
            .find(|boundary| !guessed || !holds(boundary))?;
        let mut body = Vec::new();
        for part in &self.0 {
            let Part { name, file, content } = part;
            body.extend_from_slice(
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"").as_bytes(),
            );
            if let Some(File { name, media_type }) = file {
                let more = format!("; filename=\"{name}\"\r\nContent-Type: {media_type}");
                body.extend_from_slice(more.as_bytes());
            }
            body.extend_from_slice(b"\r\n\r\n");
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        Some((boundary, body))
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len().max(1)).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn a_guessed_boundary_is_not_used() {
        let rows: [(&str, &[u8], &str); 6] = [
            ("job_1", b"plain", "tollgate-job1-0000"),
            ("job_1", b"--tollgate-job1-0000--\r\n", "tollgate-job1-0001"),
            ("job_1", b"tollgate-job1-0000 tollgate-job1-0001", "tollgate-job1-0002"),
            ("job_1", b"\xff\0tollgate-job1-\xff", "tollgate-job1-0000"),
            ("\r\n\"; x", b"plain", "tollgate-x-0000"),
            ("", b"", "tollgate--0000"),
        ];
        for (id, content, expected) in rows {
            let mut form = Form::default();
            form.text("name", "Meta \"Travis\"\r\n");
            form.file("clip", "sample.mp3", "audio/mpeg", content.to_vec());
            let (boundary, body) = form.encode(id).unwrap();
            assert_eq!(boundary, expected);
            assert!(boundary.len() <= 70, "RFC 2046 allows no longer one");
            let found = body.windows(boundary.len()).filter(|window| *window == boundary.as_bytes()).count();
            assert_eq!(found, 3, "{}", String::from_utf8_lossy(&body));
            assert_eq!(form.encode(id).unwrap(), (boundary, body), "a repeat has the same bytes");
        }
    }

    #[test]
    fn a_form_is_written_as_the_standard_says() {
        let mut form = Form::default();
        form.text("name", "Ada");
        form.file("clip", "sample.wav", "audio/wav", b"RIFF".to_vec());
        let (_, body) = form.encode("j").unwrap();
        let expected = "--tollgate-j-0000\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nAda\r\n\
            --tollgate-j-0000\r\nContent-Disposition: form-data; name=\"clip\"; filename=\"sample.wav\"\r\n\
            Content-Type: audio/wav\r\n\r\nRIFF\r\n--tollgate-j-0000--\r\n";
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }
}
