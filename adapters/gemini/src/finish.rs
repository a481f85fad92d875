//! Why the model stopped: the vendor's words in the page's.

use chat::Finish;

/// Reads a `finishReason`; `None` where it says that the model goes on.
pub fn read(reason: &str) -> Option<Finish> {
    match reason {
        "" | "FINISH_REASON_UNSPECIFIED" => None,
        "MAX_TOKENS" | "CONTINUATION" => Some(Finish::Length),
        // The vendor withheld the rest of the answer, or all of it.
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "ESCALATION"
        | "MODEL_ARMOR"
        | "PUP_LIMITED_DISABLED" => Some(Finish::ContentFilter),
        reason if reason.starts_with("IMAGE_") => Some(Finish::ContentFilter),
        // STOP, OTHER, a call that the model couldn't write, and whatever the vendor thinks of next: what was delivered
        // is all there is.
        _ => Some(Finish::Stop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons() {
        let rows = [
            ("STOP", Some(Finish::Stop)),
            ("MAX_TOKENS", Some(Finish::Length)),
            ("SAFETY", Some(Finish::ContentFilter)),
            ("RECITATION", Some(Finish::ContentFilter)),
            ("SPII", Some(Finish::ContentFilter)),
            ("IMAGE_PROHIBITED_CONTENT", Some(Finish::ContentFilter)),
            ("MALFORMED_FUNCTION_CALL", Some(Finish::Stop)),
            ("OTHER", Some(Finish::Stop)),
            ("A_REASON_OF_TOMORROW", Some(Finish::Stop)),
            ("FINISH_REASON_UNSPECIFIED", None),
            ("", None),
        ];
        for (reason, expected) in rows {
            assert_eq!(read(reason), expected, "{reason}");
        }
    }
}
