//! How much of everything one chat call may ask for.

/// The largest request body.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The longest conversation.
pub const MAX_MESSAGES: usize = 2048;

/// The most tools, and the most calls of tools in one message.
pub const MAX_TOOLS: usize = 128;

/// The most texts at which an answer stops.
pub const MAX_STOPS: usize = 4;

/// The most answers to one request; each is billed.
pub const MAX_ANSWERS: u64 = 8;

/// Tokens a message costs beyond its text: role, separators, a picture's frame.
pub const TOKENS_PER_MESSAGE: u64 = 16;

/// Tokens a tool costs beyond its JSON, which the vendor rewrites into a type definition.
pub const TOKENS_PER_TOOL: u64 = 64;

/// Tokens the vendor adds to any request.
pub const TOKENS_PER_REQUEST: u64 = 64;

/// The output limit that a request without one gets, if the binding's options don't say otherwise.
pub const DEFAULT_MAX_TOKENS: u64 = 1024;

/// The highest output limit a request may name, if the binding's options don't say otherwise.
pub const MAX_TOKENS_LIMIT: u64 = 16_384;

/// The highest output limit an option may set: beyond what any model gives.
pub const MAX_TOKENS_CEILING: u64 = 1_000_000;

/// An answer that isn't streamed is held whole; this bounds it.
pub const MAX_JSON_BYTES: usize = 8 * 1024 * 1024;

/// A streamed token's event with its log probabilities, and room for the rest of the stream.
pub const STREAM_BYTES_PER_TOKEN: u64 = 4096;
pub const STREAM_BYTES_BESIDES: u64 = 1024 * 1024;
