//! The job `voice.clone`: a voice is made of a sample of somebody's speech.
//!
//! Its input is `{"name", "media_type", "sample": base64, "description"?}`. The gate starts one for a twin whose person has
//! consented, and never otherwise: vendors who do it don't offer it among their jobs.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::{Call, Fields, Form, Header, Job, PlanError, Quantity, Unit, base64};

/// The kind of the job.
pub const VOICE_CLONE: &str = "voice.clone";

/// The largest sample, decoded.
const MAX_SAMPLE_BYTES: usize = 700 * 1024;

/// What a sample may be: its media type, and a file's name that vendors know it by.
const SAMPLES: [(&str, &str); 5] = [
    ("audio/mpeg", "sample.mp3"),
    ("audio/wav", "sample.wav"),
    ("audio/ogg", "sample.ogg"),
    ("audio/webm", "sample.webm"),
    ("audio/mp4", "sample.m4a"),
];

/// A voice to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceClone {
    /// What the vendor's own pages call it: 1 to 120 characters, one line.
    pub name: String,
    /// More about it, up to 500 characters.
    pub description: Option<String>,
    /// One of `audio/mpeg`, `audio/wav`, `audio/ogg`, `audio/webm`, `audio/mp4`.
    pub media_type: &'static str,
    /// Such as `sample.mp3`.
    pub file_name: &'static str,
    /// The sound.
    pub sample: Vec<u8>,
}

impl VoiceClone {
    /// Reads a job's input.
    ///
    /// # Errors
    /// It is another kind of job, or a field is wrong.
    pub fn read(job: &Job) -> Result<Self, PlanError> {
        if job.kind != VOICE_CLONE {
            return Err(PlanError::invalid("kind", format!("must be {VOICE_CLONE}")));
        }
        let input = Fields::parse(&job.input).map_err(|_| PlanError::invalid("input", "must be a JSON object"))?;
        let line = |text: &String, most: usize| {
            !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control)
        };
        let name = input.get("name").filter(|name: &String| line(name, 120));
        let name = name.ok_or_else(|| PlanError::invalid("input.name", "must have 1 to 120 characters, one line"))?;
        let description = match input.raw("description") {
            None => None,
            Some(_) => {
                let text = input.get("description").filter(|text: &String| line(text, 500));
                let wrong = || PlanError::invalid("input.description", "must have 1 to 500 characters, one line");
                Some(text.ok_or_else(wrong)?)
            }
        };
        let asked: String = input.get("media_type").unwrap_or_default();
        let (media_type, file_name) = SAMPLES.into_iter().find(|(known, _)| *known == asked).ok_or_else(|| {
            let known: Vec<&str> = SAMPLES.iter().map(|(known, _)| *known).collect();
            PlanError::invalid("input.media_type", format!("must be one of {}", known.join(", ")))
        })?;
        let sample = input.get("sample").and_then(|text: String| base64::decode(&text));
        let sample = sample.filter(|sample| (1..=MAX_SAMPLE_BYTES).contains(&sample.len())).ok_or_else(|| {
            PlanError::invalid("input.sample", format!("must be base64 of 1 to {MAX_SAMPLE_BYTES} bytes"))
        })?;
        Ok(Self { name, description, media_type, file_name, sample })
    }

    /// The call that sends a form. It is paid as one request.
    ///
    /// # Errors
    /// The sample holds every boundary that there is.
    pub fn call(path: &str, job: &str, form: &Form) -> Result<Call, PlanError> {
        let wrong = || PlanError::invalid("input.sample", "can't be sent as a form");
        let (boundary, body) = form.encode(job).ok_or_else(wrong)?;
        let mut call = Call::get(path.to_owned());
        call.method = "POST";
        call.headers.push(Header::new("content-type", format!("multipart/form-data; boundary={boundary}")));
        call.body = body;
        call.worst_case = [Quantity::new(Unit::Requests, 1)].into();
        Ok(call)
    }

    /// The job's result in the gate's words.
    pub fn result(voice_id: &str) -> Vec<u8> {
        serde_json::json!({ "voice_id": voice_id }).to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use serde_json::{Value, json};

    use super::*;

    fn job(input: &Value) -> Job {
        Job { id: "job_1".into(), kind: VOICE_CLONE.into(), input: input.to_string().into(), ..Job::default() }
    }

    #[test]
    fn twn_1_what_is_wrong_with_a_sample_is_named() {
        let good = json!({"name": "Ada", "media_type": "audio/mpeg", "sample": "SUQz"});
        assert_eq!(VoiceClone::read(&job(&good)).unwrap().sample, b"ID3");
        let rows = [
            (json!({"name": ""}), "input.name"),
            (json!({"name": "a\nb"}), "input.name"),
            (json!({"name": 7}), "input.name"),
            (json!({"description": ""}), "input.description"),
            (json!({"media_type": "video/mp4"}), "input.media_type"),
            (json!({"media_type": null}), "input.media_type"),
            (json!({"sample": ""}), "input.sample"),
            (json!({"sample": "?"}), "input.sample"),
            (json!({"sample": "A".repeat(1_000_000)}), "input.sample"),
        ];
        for (change, field) in rows {
            let mut input = good.clone();
            for (name, value) in change.as_object().unwrap() {
                input.as_object_mut().unwrap().insert(name.clone(), value.clone());
            }
            let found = VoiceClone::read(&job(&input));
            assert!(matches!(&found, Err(PlanError::Invalid(Some(param), _)) if param == field), "{field}");
        }
        let other = Job { kind: "clip".into(), ..job(&good) };
        assert!(matches!(VoiceClone::read(&other), Err(PlanError::Invalid(Some(param), _)) if param == "kind"));
    }
}
