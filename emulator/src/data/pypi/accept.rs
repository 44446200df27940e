//! In which form a client takes an index (PEP 691).

use crate::error::{Error, Result};
use http::{HeaderMap, StatusCode, header};

/// The form of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Html,
    VersionedHtml,
    Json,
}

/// When a client accepts several forms equally, the first of them is the answer.
const FORMS: [Form; 3] = [Form::Html, Form::VersionedHtml, Form::Json];

impl Form {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::VersionedHtml => "application/vnd.pypi.simple.v1+html",
            Self::Json => "application/vnd.pypi.simple.v1+json",
        }
    }

    fn media_type(self) -> &'static str {
        if self == Self::Html { "text/html" } else { self.content_type() }
    }

    /// The form that the client likes most. A client without `Accept` takes everything.
    pub(super) fn wanted(headers: &HeaderMap) -> Result<Self> {
        let accepts = headers.get_all(header::ACCEPT);
        let accepts: Vec<&str> = accepts.iter().filter_map(|value| value.to_str().ok()).collect();
        if !headers.contains_key(header::ACCEPT) {
            return Ok(Self::Html);
        }
        let ranges: Vec<Range> =
            accepts.iter().flat_map(|accept| accept.split(',')).filter_map(Range::parse).collect();
        let liked = FORMS.into_iter().rev().map(|form| (form, liking(&ranges, form)));
        let best = liked.max_by(|(_, one), (_, other)| one.total_cmp(other));
        best.filter(|(_, liking)| *liking > 0.0).map(|(form, _)| form).ok_or_else(not_acceptable)
    }
}

/// A part of `Accept`: a media type, which may have wildcards, and how much it is liked.
struct Range {
    media_type: String,
    liking: f32,
}

impl Range {
    /// A range whose weight is no number from 0 to 1 is left out.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
        let media_type = parts.next().filter(|text| text.contains('/'))?;
        let said = parts.find_map(|part| part.strip_prefix("q=").map(str::to_owned));
        let liking = said.map_or(Ok(1.0), |said| said.parse::<f32>()).ok()?;
        (0.0..=1.0).contains(&liking).then_some(Self { media_type, liking })
    }

    /// How precisely the range names the form.
    fn precision(&self, form: Form) -> Option<u8> {
        let wanted = form.media_type();
        let group = wanted.split('/').next()?;
        match self.media_type.as_str() {
            "*/*" => Some(0),
            range if range.strip_suffix("/*") == Some(group) => Some(1),
            range => (range == wanted).then_some(2),
        }
    }
}

/// The most precise range decides.
fn liking(ranges: &[Range], form: Form) -> f32 {
    let meant = ranges.iter().filter_map(|range| Some((range.precision(form)?, range.liking)));
    meant.max_by_key(|(precision, _)| *precision).map_or(0.0, |(_, liking)| liking)
}

fn not_acceptable() -> Error {
    let types = FORMS.map(Form::media_type).join(", ");
    Error::invalid(format!("An index is told as one of {types}")).with_status(StatusCode::NOT_ACCEPTABLE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const JSON: &str = "application/vnd.pypi.simple.v1+json";
    const HTML: &str = "application/vnd.pypi.simple.v1+html";

    fn wanted(accept: &str) -> Option<Form> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
        Form::wanted(&headers).ok()
    }

    #[test]
    fn the_form_is_the_one_that_is_liked_most() {
        let pip = format!("{JSON}, {HTML}; q=0.1, text/html; q=0.01");
        let half = format!("*/*;q=0.5, {JSON}");
        let less = format!("*/*;q=0.5, {JSON};q=0.4");
        let no_html = format!("text/html;q=0, */*;q=0.1, {HTML};q=0");
        let too_much = format!("text/html;q=1.5, {JSON};q=0.001");
        let cases: [(&str, Form); 13] = [
            (&pip, Form::Json),
            (JSON, Form::Json),
            ("APPLICATION/vnd.pypi.simple.v1+JSON", Form::Json),
            (HTML, Form::VersionedHtml),
            ("text/html", Form::Html),
            ("text/html;charset=utf-8", Form::Html),
            ("*/*", Form::Html),
            ("text/*", Form::Html),
            ("application/*", Form::VersionedHtml),
            (&half, Form::Json),
            (&less, Form::Html),
            (&no_html, Form::Json),
            (&too_much, Form::Json),
        ];
        for (accept, form) in cases {
            assert_eq!(wanted(accept), Some(form), "{accept}");
        }
        assert_eq!(Form::wanted(&HeaderMap::new()).unwrap(), Form::Html);
    }

    #[test]
    fn what_accepts_no_form_is_refused() {
        let newer = "application/vnd.pypi.simple.v2+json, application/vnd.pypi.simple.latest+json";
        for accept in [newer, "application/json", "text/plain", "image/*", "text/html;q=0", "html", ""] {
            assert_eq!(wanted(accept), None, "{accept}");
        }
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, HeaderValue::from_static("text/plain"));
        assert_eq!(Form::wanted(&headers).unwrap_err().status, StatusCode::NOT_ACCEPTABLE);
        headers.append(header::ACCEPT, HeaderValue::from_static(JSON));
        assert_eq!(Form::wanted(&headers).unwrap(), Form::Json);
    }
}
