//! Parts of a file, as S3 serves them.

use crate::error::Error;
use http::{HeaderMap, StatusCode, header};

/// From one byte to another, both with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) first: usize,
    pub(super) last: usize,
}

/// What of a file is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    Part(Range),
    /// A part that the file does not have.
    Nothing,
}

impl Wanted {
    /// What the header says. Several ranges, and what is no range, are as good as no header.
    pub(super) fn of(headers: &HeaderMap, size: usize) -> Self {
        let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
        range.and_then(|range| Self::parse(range, size)).unwrap_or(Self::All)
    }

    fn parse(range: &str, size: usize) -> Option<Self> {
        let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
        let number = |text: &str| text.parse::<usize>().ok().filter(|_| !text.starts_with('+'));
        let (first, last) = match (first, last) {
            ("", count) => (size.saturating_sub(number(count)?), usize::MAX),
            (first, "") => (number(first)?, usize::MAX),
            (first, last) => (number(first)?, number(last)?),
        };
        if last < first {
            return None;
        }
        let last = last.min(size.saturating_sub(1));
        Some(if first < size { Self::Part(Range { first, last }) } else { Self::Nothing })
    }
}

impl Range {
    /// As the answer tells it of a file of that size.
    pub(super) fn told(self, size: usize) -> String {
        format!("bytes {}-{}/{size}", self.first, self.last)
    }

    /// To who wants what the file does not have.
    pub(super) fn refusal() -> Error {
        Error::new("InvalidRange", "The requested range is not satisfiable")
            .with_status(StatusCode::RANGE_NOT_SATISFIABLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_a_part() {
        let part = |first, last| Wanted::Part(Range { first, last });
        for (range, wanted) in [
            ("bytes=0-0", part(0, 0)),
            ("bytes=2-4", part(2, 4)),
            ("bytes=2-", part(2, 9)),
            ("bytes=2-99", part(2, 9)),
            ("bytes=-3", part(7, 9)),
            ("bytes=-99", part(0, 9)),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=20-", Wanted::Nothing),
            ("bytes=10-12", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=5-1", Wanted::All),
            ("bytes=0-1,3-4", Wanted::All),
            ("bytes=+1-2", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("bytes=", Wanted::All),
            ("lines=0-1", Wanted::All),
        ] {
            let headers = [(header::RANGE, range.parse().unwrap())].into_iter().collect();
            assert_eq!(Wanted::of(&headers, 10), wanted, "{range}");
        }
        assert_eq!(Wanted::of(&HeaderMap::new(), 10), Wanted::All);
        assert_eq!(Range { first: 2, last: 4 }.told(10), "bytes 2-4/10");
        let headers = [(header::RANGE, "bytes=0-".parse().unwrap())].into_iter().collect();
        assert_eq!(Wanted::of(&headers, 0), Wanted::Nothing);
    }
}
