//! Requests to STS, over the Query protocol.

use crate::request::{Request, mutate, plausible};
use crate::world::World;

const MEMBERS: &[(&str, &[&str])] = &[
    (
        "Action",
        &["GetCallerIdentity", "AssumeRole", "AssumeRole", "AssumeRoleWithWebIdentity", "GetSessionToken"],
    ),
    ("Version", &["2011-06-15"]),
    ("RoleArn", &["arn:aws:iam::123456789012:role/team", "arn:aws:iam::123456789012:user/admin"]),
    ("RoleSessionName", &["session"]),
    ("DurationSeconds", &["900", "3600", "-5"]),
    ("ExternalId", &["id"]),
    ("WebIdentityToken", &["e30.e30.e30", "eyJhbGciOiJSUzI1NiJ9.e30.AAAA"]),
    ("Tags.member.1.Key", &["team", "aws:team"]),
    ("Tags.member.1.Value", &["a"]),
    ("TransitiveTagKeys.member.1", &["team"]),
    ("SourceIdentity", &["me"]),
    ("Policy", &["{}", "{\"Statement\":[]}"]),
];

pub(crate) fn request(world: &World<'_>, chance: &mut fastrand::Rng) -> Request {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, values) in MEMBERS {
        if chance.u8(0..6) > 0 {
            form.append_pair(name, &plausible(chance, values));
        }
    }
    let mut body = form.finish().into_bytes();
    if chance.u8(0..8) == 0 {
        mutate(&mut body, chance);
    }
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    match chance.u8(0..10) {
        0 => Request::new("POST", "/", &[("host", "fuzz"), kind[0]], &body),
        1 => world.signed("sts", ("GET", "/?Action=GetCallerIdentity&Version=2011-06-15"), &[], b""),
        2 => world.signed("codeartifact", ("POST", "/"), &kind, &body),
        _ => world.signed("sts", ("POST", "/"), &kind, &body),
    }
}
