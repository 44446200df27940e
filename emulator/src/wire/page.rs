//! Pages of lists: small, in a fixed order, continued by an opaque token.

use super::members::Members;
use super::text::PAGINATION_TOKEN;
use crate::error::{Error, Result};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The range of `maxResults`, everywhere.
const MAX_RESULTS: (i64, i64) = (1, 1000);

/// How much a page holds. The service may answer with less than it is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageSize {
    /// When nothing is asked for.
    pub(crate) usual: usize,
    /// Whatever is asked for.
    pub(crate) largest: usize,
}

/// Which page a caller wants.
pub(crate) struct PageRequest {
    size: usize,
    after: Option<String>,
}

impl PageRequest {
    /// From the query members `max-results` and `next-token`.
    pub(crate) fn from_query(members: &Members, limit: PageSize) -> Result<Self> {
        let size = members.query_integer("max-results", MAX_RESULTS)?;
        Self::new(size, members.query("next-token", &PAGINATION_TOKEN)?, limit)
    }

    /// From the body members `maxResults` and `nextToken`.
    pub(crate) fn from_body(members: &Members, limit: PageSize) -> Result<Self> {
        let size = members.body_integer("maxResults", MAX_RESULTS)?;
        Self::new(size, members.body_text("nextToken", &PAGINATION_TOKEN)?, limit)
    }

    fn new(size: Option<i64>, token: Option<&str>, limit: PageSize) -> Result<Self> {
        let asked = size.and_then(|size| usize::try_from(size).ok());
        let size = asked.unwrap_or(limit.usual).min(limit.largest);
        Ok(Self { size, after: token.map(decode).transpose()? })
    }

    /// One page of `items`, which come in the order of their keys. Deletions between two pages
    /// neither skip nor repeat an item.
    pub(crate) fn cut<T>(
        &self,
        name: &str,
        items: impl Iterator<Item = (String, T)>,
        render: impl Fn(T) -> Value,
    ) -> Value {
        let mut rest =
            items.skip_while(|(key, _)| self.after.as_ref().is_some_and(|after| key <= after)).peekable();
        let mut page = Vec::new();
        let mut last = String::new();
        while page.len() < self.size
            && let Some((key, item)) = rest.next()
        {
            page.push(render(item));
            last = key;
        }
        let mut answer = json!({ name: page });
        if rest.peek().is_some() {
            answer["nextToken"] = encode(&last).into();
        }
        answer
    }
}

fn encode(key: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("after {key}"))
}

fn decode(token: &str) -> Result<String> {
    BASE64_URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix("after ").map(str::to_owned))
        .ok_or_else(|| Error::invalid("The nextToken is not valid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: PageSize = PageSize { usual: 4, largest: 6 };

    #[test]
    fn an_asked_size_is_obeyed_up_to_the_largest() {
        for (asked, size) in [(None, 4), (Some(2), 2), (Some(5), 5), (Some(1_000), 6)] {
            assert_eq!(PageRequest::new(asked, None, SIZE).unwrap().size, size);
        }
    }

    #[test]
    fn pages_join_to_the_whole_list() {
        let items = || (0..7).map(|number| (format!("k{number}"), number));
        let mut after = None;
        let mut seen = Vec::new();
        loop {
            let page = PageRequest::new(Some(3), after.as_deref(), SIZE).unwrap();
            let answer = page.cut("items", items(), Value::from);
            seen.extend(answer["items"].as_array().unwrap().iter().map(|n| n.as_i64().unwrap()));
            match answer.get("nextToken") {
                Some(token) => after = token.as_str().map(str::to_owned),
                None => break,
            }
        }
        assert_eq!(seen, (0..7).collect::<Vec<_>>());
    }

    #[test]
    fn a_made_up_token_is_refused() {
        assert!(PageRequest::new(None, Some("bogus"), SIZE).is_err());
    }
}
