//! The page's names of sound formats in the vendor's words.

/// One format at the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// The value of `output_format`.
    pub name: &'static str,
    /// Media types the vendor, or a mock of it, answers with.
    pub content_types: &'static [&'static str],
    /// At most, for the bound of an answer.
    pub bytes_per_second: u64,
}

/// `None` for a format that isn't offered.
pub fn find(format: &str) -> Option<Format> {
    let (name, content_types, bytes_per_second): (_, &[_], _) = match format {
        "mp3" => ("mp3_44100_128", &["audio/mpeg"], 16_000),
        "pcm" => ("pcm_16000", &["audio/pcm", "audio/l16", "application/octet-stream"], 32_000),
        "opus" => ("opus_48000_64", &["audio/opus", "audio/ogg"], 8_000),
        "wav" => ("wav_44100", &["audio/wav", "audio/x-wav", "audio/wave"], 88_200),
        _ => return None,
    };
    Some(Format { name, content_types, bytes_per_second })
}
