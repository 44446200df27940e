//! XML, as S3 and STS write their answers.

/// One element for each member.
pub(crate) fn elements(members: &[(&str, &str)]) -> String {
    members
        .iter()
        .fold(String::new(), |text, (name, value)| text + &format!("<{name}>{}</{name}>", escape(value)))
}

/// XML cannot hold control characters, however they are written.
fn escape(text: &str) -> String {
    let legal = text.chars().map(|letter| if letter.is_control() { '?' } else { letter });
    let text: String = legal.collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
