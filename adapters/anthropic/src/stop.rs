//! Why an answer has ended, in OpenAI's words.

use chat::Finish;

/// A reason that is new to us is an ordinary end.
pub fn finish(stop_reason: &str) -> Finish {
    match stop_reason {
        "tool_use" => Finish::ToolCalls,
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "refusal" => Finish::ContentFilter,
        // end_turn, stop_sequence, pause_turn
        _ => Finish::Stop,
    }
}
