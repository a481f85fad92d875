//! Sound that players accept: a tone as WAV or PCM, silence as MP3 or Opus.

use super::ogg;

pub struct Sound {
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
}

/// `None` for a format that the vendor doesn't have.
pub fn make(format: &str, seconds: f64) -> Option<Sound> {
    let (kind, rest) = format.split_once('_')?;
    let rate: u32 = rest.split('_').next()?.parse().ok()?;
    if !(8_000..=48_000).contains(&rate) {
        return None;
    }
    let (content_type, bytes) = match kind {
        "pcm" => ("audio/pcm", tone(rate, seconds)),
        "wav" => ("audio/wav", wav(rate, &tone(rate, seconds))),
        "mp3" => ("audio/mpeg", silent_mp3(seconds)),
        "opus" => ("audio/ogg", ogg::silence(seconds)),
        _ => return None,
    };
    Some(Sound { content_type, bytes })
}

/// A soft 440 Hz, 16-bit little endian, mono.
fn tone(rate: u32, seconds: f64) -> Vec<u8> {
    let samples = (f64::from(rate) * seconds) as u32;
    let sample = |n: u32| ((f64::from(n) / f64::from(rate) * 440.0 * std::f64::consts::TAU).sin() * 6_000.0) as i16;
    (0..samples).flat_map(|n| sample(n).to_le_bytes()).collect()
}

/// RIFF/WAVE with one `data` chunk.
fn wav(rate: u32, pcm: &[u8]) -> Vec<u8> {
    let length = pcm.len() as u32;
    let mut file = Vec::with_capacity(pcm.len() + 44);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + length).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    for field in [1_u16, 1] {
        file.extend_from_slice(&field.to_le_bytes()); // PCM, mono
    }
    file.extend_from_slice(&rate.to_le_bytes());
    file.extend_from_slice(&(rate * 2).to_le_bytes());
    for field in [2_u16, 16] {
        file.extend_from_slice(&field.to_le_bytes()); // block size, bits
    }
    file.extend_from_slice(b"data");
    file.extend_from_slice(&length.to_le_bytes());
    file.extend_from_slice(pcm);
    file
}

/// MPEG-1 layer III at 44.1 kHz, 128 kbit/s, mono. A frame of 417 bytes whose side information is all zero has no
/// spectral data, which is silence; 1,152 samples each.
fn silent_mp3(seconds: f64) -> Vec<u8> {
    let frames = (seconds * 44_100.0 / 1_152.0).ceil() as usize;
    let mut frame = vec![0_u8; 417];
    frame.splice(..4, [0xff, 0xfb, 0x90, 0xc4]);
    frame.repeat(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        for (format, starts, least) in [
            ("mp3_44100_128", b"\xff\xfb".as_slice(), 16_000),
            ("wav_44100", b"RIFF", 88_000),
            ("pcm_16000", b"\0\0", 32_000),
            ("opus_48000_64", b"OggS", 300),
        ] {
            let sound = make(format, 1.0).unwrap_or_else(|| panic!("{format}"));
            assert!(sound.bytes.starts_with(starts) && sound.bytes.len() >= least, "{format}: {}", sound.bytes.len());
        }
        for format in ["mp3", "flac_44100", "pcm_1", "pcm_99999999999"] {
            assert!(make(format, 1.0).is_none(), "{format}");
        }
    }
}
