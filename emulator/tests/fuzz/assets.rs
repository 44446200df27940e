//! Requests to the port of assets, most of them at an address that is good but for a member of its query.

use crate::request::{Request, odd, pick};
use crate::world::World;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

const METHODS: &[&str] = &["GET", "GET", "GET", "GET", "HEAD", "PUT", "POST", "DELETE"];

const RANGES: &[&str] = &[
    "",
    "bytes=0-3",
    "bytes=5-",
    "bytes=-7",
    "bytes=9999999-",
    "bytes=5-1",
    "bytes=0-1,3-4",
    "bytes=-",
    "x",
];

const PATHS: &[&str] = &["/", "/_emulator/health", "/v1/domain?domain=acme", "/assets?X-Amz-Date=x"];

pub(crate) fn request(world: &World<'_>, chance: &mut fastrand::Rng) -> Request {
    let target = match chance.u8(0..8) {
        0 => pick(chance, PATHS).to_owned(),
        1..4 => world.file.clone(),
        _ => changed(&world.file, chance),
    };
    let mut headers = vec![("host", "fuzz")];
    headers.extend(Some(("range", pick(chance, RANGES))).filter(|(_, range)| !range.is_empty()));
    headers.extend((chance.u8(0..8) == 0).then_some(("authorization", "Bearer nothing")));
    let body: &[u8] = if chance.u8(0..8) == 0 { b"body" } else { b"" };
    Request::new(pick(chance, METHODS), &target, &headers, body)
}

/// Such an address with one change: a member of its query is missing, is there twice or has another value, or the
/// path is another one.
fn changed(target: &str, chance: &mut fastrand::Rng) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut members: Vec<String> = query.split('&').map(str::to_owned).collect();
    let at = chance.usize(..members.len());
    match chance.u8(0..4) {
        0 => drop(members.remove(at)),
        1 => members.push(members[at].clone()),
        2 => return format!("{path}/{}?{query}", escape(&odd(chance))),
        _ => {
            let name = members[at].split('=').next().unwrap_or_default().to_owned();
            members[at] = format!("{name}={}", escape(&odd(chance)));
        }
    }
    format!("{path}?{}", members.join("&"))
}

fn escape(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
