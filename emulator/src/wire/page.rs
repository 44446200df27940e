//! Pages of lists: small, in a fixed order, continued by an opaque token.

use crate::error::{Error, Result};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ops::Bound;

/// How many bytes of a digest a token begins with.
const SEAL: usize = 12;

/// Longer keys are known by their digests: a token has 2,000 characters at most.
const LONGEST_KEY: usize = 1_400;

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
    after: Option<After>,
    query: String,
}

/// Where the page before ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum After {
    Key(String),
    /// That of a long key. When its item goes meanwhile, the list ends there.
    Digest(Vec<u8>),
}

impl PageRequest {
    /// A page of the answer to a query. A token continues the very query that it came from.
    pub(crate) fn new(
        query: String,
        size: Option<i64>,
        token: Option<&str>,
        limit: PageSize,
    ) -> Result<Self> {
        let asked = size.and_then(|size| usize::try_from(size).ok());
        let size = asked.unwrap_or(limit.usual).min(limit.largest);
        let after = token.map(|token| decode(&query, token)).transpose()?;
        Ok(Self { size, after, query })
    }

    /// The key after which the page begins, for maps that can be read from a key on.
    pub(crate) fn from(&self) -> Bound<&str> {
        match &self.after {
            Some(After::Key(after)) => Bound::Excluded(after),
            None | Some(After::Digest(_)) => Bound::Unbounded,
        }
    }

    /// The first of the items that come after the page before, as many as a page has and one, in the order of
    /// their keys. The items come in any order; few of them are kept at once.
    pub(crate) fn select<T>(&self, items: impl Iterator<Item = (String, T)>) -> BTreeMap<String, T> {
        let is_after = |key: &str| match &self.after {
            Some(After::Key(after)) => key > after.as_str(),
            None | Some(After::Digest(_)) => true,
        };
        let most = match &self.after {
            Some(After::Digest(_)) => usize::MAX,
            None | Some(After::Key(_)) => self.size.saturating_add(1),
        };
        let mut kept = BTreeMap::new();
        for (key, item) in items.filter(|(key, _)| is_after(key)) {
            kept.insert(key, item);
            if kept.len() > most {
                kept.pop_last();
            }
        }
        kept
    }

    /// One page of `items`, which come in the order of their keys. Deletions between two pages
    /// neither skip nor repeat an item.
    pub(crate) fn cut<T>(
        &self,
        name: &str,
        items: impl Iterator<Item = (String, T)>,
        render: impl Fn(T) -> Value,
    ) -> Value {
        let mut is_passed = false;
        let mut is_before = |key: &String| match &self.after {
            None => false,
            Some(After::Key(after)) => key <= after,
            // The very item is skipped, too.
            Some(After::Digest(_)) if is_passed => false,
            Some(After::Digest(after)) => {
                is_passed = Sha256::digest(key)[..] == after[..];
                true
            }
        };
        let mut rest = items.skip_while(|(key, _)| is_before(key)).peekable();
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
            answer["nextToken"] = encode(&self.query, &last).into();
        }
        answer
    }
}

/// A key, after a digest that tells whether it was altered or belongs to another query. It keeps
/// nothing secret: it finds callers that make tokens up or mix them.
fn encode(query: &str, key: &str) -> String {
    let after = if key.len() <= LONGEST_KEY {
        [b"k", key.as_bytes()].concat()
    } else {
        [b"d", &Sha256::digest(key)[..]].concat()
    };
    BASE64_URL_SAFE_NO_PAD.encode([&seal(query, &after)[..], &after].concat())
}

fn decode(query: &str, token: &str) -> Result<After> {
    let key = |token: &str| {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (found, after) = bytes.split_at_checked(SEAL)?;
        if found != seal(query, after) {
            return None;
        }
        match after.split_first()? {
            (b'k', key) => Some(After::Key(std::str::from_utf8(key).ok()?.to_owned())),
            (_, digest) => Some(After::Digest(digest.to_vec())),
        }
    };
    key(token).ok_or_else(|| Error::invalid("The nextToken is not valid for this request"))
}

fn seal(query: &str, after: &[u8]) -> [u8; SEAL] {
    let digest = Sha256::digest([query.as_bytes(), b"\n", after].concat());
    std::array::from_fn(|index| digest[index])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;
    use proptest::sample::Index;
    use std::collections::BTreeSet;

    const SIZE: PageSize = PageSize { usual: 4, largest: 6 };

    #[test]
    fn an_asked_size_is_obeyed_up_to_the_largest() {
        for (asked, size) in [(None, 4), (Some(2), 2), (Some(5), 5), (Some(1_000), 6)] {
            assert_eq!(PageRequest::new(String::new(), asked, None, SIZE).unwrap().size, size);
        }
    }

    /// All pages of the keys, read to the end; before each page but the first, `removed` go.
    fn read(keys: &BTreeSet<String>, size: i64, removed: &BTreeSet<String>) -> Vec<String> {
        let (mut after, mut seen, mut keys) = (None::<String>, Vec::new(), keys.clone());
        loop {
            let page = PageRequest::new("query".into(), Some(size), after.as_deref(), SIZE).unwrap();
            let items = keys.iter().map(|key| (key.clone(), key.as_str()));
            let answer = page.cut("items", items, Value::from);
            let items = answer["items"].as_array().unwrap();
            assert!(items.len() <= usize::try_from(size).unwrap());
            seen.extend(items.iter().map(|key| key.as_str().unwrap().to_owned()));
            match answer.get("nextToken") {
                Some(token) => after = token.as_str().map(str::to_owned),
                None => return seen,
            }
            keys.retain(|key| !removed.contains(key));
        }
    }

    proptest! {
        #[test]
        fn pages_join_to_the_whole_list(keys in btree_set(".{0,9}", 0..30), size in 1_i64..7) {
            let seen = read(&keys, size, &BTreeSet::new());
            prop_assert_eq!(seen, keys.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn what_stays_is_seen_once_whatever_goes_meanwhile(
            keys in btree_set("[a-z]{1,3}", 0..30),
            removed in btree_set("[a-z]{1,3}", 0..30),
            size in 1_i64..7,
        ) {
            let seen = read(&keys, size, &removed);
            prop_assert!(seen.is_sorted_by(|one, next| one < next));
            prop_assert!(keys.difference(&removed).all(|key| seen.contains(key)));
        }

        #[test]
        fn pages_of_items_in_any_order_are_those_of_sorted_ones(keys in vec(".{0,9}", 0..30), size in 1_i64..7) {
            let mut after = None::<String>;
            let mut seen = Vec::new();
            loop {
                let page = PageRequest::new("query".into(), Some(size), after.as_deref(), SIZE).unwrap();
                let items = page.select(keys.iter().map(|key| (key.clone(), key.as_str())));
                prop_assert!(i64::try_from(items.len()).unwrap() <= size + 1);
                let answer = page.cut("items", items.into_iter(), Value::from);
                seen.extend(answer["items"].as_array().unwrap().iter().map(|key| key.as_str().unwrap().to_owned()));
                match answer.get("nextToken") {
                    Some(token) => after = token.as_str().map(str::to_owned),
                    None => break,
                }
            }
            prop_assert_eq!(seen, keys.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn a_token_with_any_byte_altered_is_refused(key in ".{0,40}", at in any::<Index>(), byte in any::<u8>()) {
            let token = BASE64_URL_SAFE_NO_PAD.decode(encode("query", &key)).unwrap();
            let mut altered = token.clone();
            altered[at.index(token.len())] = byte;
            let read = decode("query", &BASE64_URL_SAFE_NO_PAD.encode(&altered));
            prop_assert_eq!(read.is_ok(), altered == token);
        }
    }

    #[test]
    fn long_keys_make_no_long_tokens() {
        let keys: BTreeSet<_> = (0..9).map(|number| format!("{}{number}", "漢".repeat(510))).collect();
        assert!(encode("query", keys.first().unwrap()).len() <= 2_000);
        assert_eq!(read(&keys, 2, &BTreeSet::new()), keys.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn a_token_that_is_made_up_altered_or_of_another_query_is_refused() {
        let token = encode("query", "key");
        assert_eq!(decode("query", &token).unwrap(), After::Key("key".into()));
        assert!(decode("other", &token).is_err());
        let altered = encode("query", "kez");
        for token in ["bogus", "", &altered[..altered.len() - 1], &format!("{}A", &token[..token.len() - 1])]
        {
            assert!(decode("query", token).is_err(), "{token}");
        }
    }
}
