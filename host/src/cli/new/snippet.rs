//! What a page's author pastes.

/// The widget's element, with where its module is.
pub fn snippet(gate: &str, key: &str, channel: &str) -> String {
    let [gate, key, channel] = [gate, key, channel].map(quoted);
    format!(
        "<script type=\"module\" src=\"{gate}/widget/tollgate-widget.js\"></script>\n\
         <twin-widget tenant-key=\"{key}\" gate=\"{gate}\" channel=\"{channel}\"></twin-widget>\n"
    )
}

/// A text as the value of an attribute.
fn quoted(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prx_1_the_snippet_has_a_publishable_key_and_no_way_out_of_its_quotes() {
        let expected = "<script type=\"module\" src=\"https://gate.example/widget/tollgate-widget.js\"></script>\n\
            <twin-widget tenant-key=\"tg_pk_1\" gate=\"https://gate.example\" channel=\"widget\"></twin-widget>\n";
        assert_eq!(snippet("https://gate.example", "tg_pk_1", "widget"), expected);
        assert!(snippet("http://x\"><script>", "k", "widget").contains("gate=\"http://x&quot;&gt;&lt;script&gt;\""));
    }
}
