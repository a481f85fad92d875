//! The page's names of sound formats in the vendor's words.

use adapter::prelude::*;
use serde_json::{Value, json};

/// One format at the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// The value of `output_format`.
    pub output: Value,
    /// Media types the vendor answers with; which one names raw samples isn't documented.
    pub content_types: Vec<&'static str>,
    /// At most, for the bound of an answer.
    pub bytes_per_second: u64,
}

/// `None` for a format that isn't offered: the vendor has no Opus.
pub fn find(format: &str) -> Option<Format> {
    let (output, content_types, bytes_per_second) = match format {
        "mp3" => (
            json!({ "container": "mp3", "sample_rate": 44_100, "bit_rate": 128_000 }),
            vec!["audio/mpeg", "audio/mp3"],
            16_000,
        ),
        "wav" => (
            json!({ "container": "wav", "sample_rate": 44_100, "encoding": "pcm_s16le" }),
            vec!["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"],
            88_200,
        ),
        // The same samples as the other speech vendors send, so that a page needn't know who speaks.
        "pcm" => (
            json!({ "container": "raw", "sample_rate": 16_000, "encoding": "pcm_s16le" }),
            vec!["audio/pcm", "audio/raw", "audio/x-raw", "audio/l16", "application/octet-stream"],
            32_000,
        ),
        _ => return None,
    };
    Some(Format { output, content_types, bytes_per_second })
}
