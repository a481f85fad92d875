//! All vendor adapters as one component: exports `tollgate:vendor/adapter`, imports nothing. A new vendor is one line.

#![cfg_attr(target_family = "wasm", no_std)]

use adapter::Adapter;

/// The list.
pub struct All;

impl guest::Vendors for All {
    const ALL: &'static [&'static dyn Adapter] = &[
        &openai::OpenAi,
        &anthropic::Anthropic,
        &gemini::Gemini,
        &deepseek::DeepSeek,
        &elevenlabs::ElevenLabs,
        &cartesia::Cartesia,
        &tavus::Tavus,
        &heygen::HeyGen,
        &livekit::LiveKit,
        &sportradar::Sportradar,
        &newsapi::NewsApi,
        &kie::Kie,
        &shotstack::Shotstack,
        &upload_post::UploadPost,
        &telegram::Telegram,
    ];
}

guest::export!(All);
