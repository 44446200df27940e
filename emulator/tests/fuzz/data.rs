//! Requests of package managers, most of them with a token that is good.

use crate::request::{Request, mutate, pick, plausible};
use crate::world::World;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

const FORMATS: &[&str] = &["npm", "npm", "pypi", "maven", "cargo", "ruby", "generic", "nuget", "swift"];
const METHODS: &[&str] = &["GET", "GET", "GET", "PUT", "PUT", "POST", "DELETE", "HEAD"];

/// Paths that some package manager asks for.
const PATHS: &[&str] = &[
    "",
    "left-pad",
    "@acme%2fwidgets",
    "left-pad/1.0.0",
    "left-pad/-/left-pad-1.0.0.tgz",
    "-/ping",
    "-/whoami",
    "-/package/left-pad/dist-tags",
    "-/package/left-pad/dist-tags/beta",
    "-/v1/search?text=a",
    "-/user/org.couchdb.user:a",
    "-/npm/v1/security/advisories/bulk",
    "simple/",
    "simple/widgets/",
    "simple/widgets/1.0.0/widgets-1.0.0-py3-none-any.whl",
    "com/acme/widgets/maven-metadata.xml",
    "com/acme/widgets/1.0/widgets-1.0.pom",
    "com/acme/widgets/1.0/widgets-1.0.jar.sha1",
    "com/acme/widgets/1.0-SNAPSHOT/maven-metadata.xml",
    "com/acme/widgets/1.0-SNAPSHOT/widgets-1.0-20210728.194552-1.jar",
    "config.json",
    "wi/dg/widgets",
    "3/w/wid",
    "api/v1/crates/new",
    "api/v1/crates/widgets/1.0.0/download",
    "api/v1/crates/widgets/1.0.0/yank",
    "api/v1/crates/widgets/versions",
    "versions",
    "info/widgets",
    "names",
    "gems/widgets-1.0.0.gem",
    "api/v1/gems",
    "api/v1/gems/yank",
    "quick/Marshal.4.8/widgets-1.0.0.gemspec.rz",
    "specs.4.8.gz",
    "api/v1/dependencies?gems=widgets,left-pad",
    "index.json",
    "v3/index.json",
];

const BODIES: &[&[u8]] = &[
    b"",
    br#"{"_id":"widgets","name":"widgets","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"widgets","version":"1.0.0","dist":{"shasum":"x"}}},"_attachments":{"widgets-1.0.0.tgz":{"content_type":"application/octet-stream","data":"H4sIAAAAAAAAAwMAAAAAAAAAAAA=","length":20}}}"#,
    b"\"1.0.0\"",
    b"--B\r\nContent-Disposition: form-data; name=\":action\"\r\n\r\nfile_upload\r\n--B\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nwidgets\r\n--B\r\nContent-Disposition: form-data; name=\"version\"\r\n\r\n1.0.0\r\n--B\r\nContent-Disposition: form-data; name=\"content\"; filename=\"widgets-1.0.0-py3-none-any.whl\"\r\n\r\nPK\x03\x04\r\n--B--\r\n",
    b"<project><modelVersion>4.0.0</modelVersion><groupId>com.acme</groupId><artifactId>widgets</artifactId><version>1.0</version></project>",
    b"<metadata><groupId>com.acme</groupId><artifactId>widgets</artifactId><versioning><latest>1.0</latest><versions><version>1.0</version></versions></versioning></metadata>",
    b"\x35\x00\x00\x00{\"name\":\"widgets\",\"vers\":\"1.0.0\",\"deps\":[],\"features\":{}}\x04\x00\x00\x00\x1f\x8b\x08\x00",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x04\x00\x43\xbe\xb7\xe8\x01\x00\x00\x00",
    b"metadata.gz\0\0\0\0",
];

const KINDS: &[&str] = &[
    "application/json",
    "application/octet-stream",
    "multipart/form-data; boundary=B",
    "multipart/form-data",
    "text/plain; charset=utf-16",
    "application/vnd.npm.install-v1+json",
];

/// Hosts, with the service's own among them.
const HOSTS: &[&str] = &[
    "fuzz",
    "fuzz",
    "fuzz",
    "fuzz",
    "fuzz",
    "acme-123456789012.d.codeartifact.us-east-1.amazonaws.com",
    "ACME-123456789012.codeartifact.us-east-1.on.aws:443",
    "vpce-1.d.codeartifact.us-east-1.vpce.amazonaws.com",
    "x.d.codeartifact.us-east-1.amazonaws.com",
    "sts.eu-west-1.amazonaws.com",
    "[::1]:4566",
    "a:b:c",
    "",
];

/// What clients accept, besides those kinds.
const ACCEPTED: &[&str] = &[
    "*/*",
    "text/html;q=0.01, application/vnd.pypi.simple.v1+json",
    "application/vnd.pypi.simple.v1+html;q=0.1, text/*;q=nan",
    ";q=,/;q=1",
];

pub(crate) fn request(world: &World<'_>, chance: &mut fastrand::Rng) -> Request {
    let domain = if chance.u8(0..40) == 0 { "second" } else { "acme" };
    let owner = if chance.u8(0..60) == 0 { "x" } else { "123456789012" };
    let repository = escape(&plausible(chance, &["team", "team", "store"]));
    let host = pick(chance, HOSTS);
    let place = if host.to_ascii_lowercase().starts_with("acme-") {
        String::new()
    } else {
        format!("d/{domain}-{owner}/")
    };
    let target = format!("/{}/{place}{repository}/{}", plausible_format(chance), path(chance));
    let mut body = if chance.bool() { pick(chance, BODIES).to_vec() } else { Vec::new() };
    if chance.u8(0..2) == 0 {
        mutate(&mut body, chance);
    }
    let login = match chance.u8(0..40) {
        0 => String::new(),
        1 => "Bearer nothing".to_owned(),
        2 => "Basic Og==".to_owned(),
        3..20 => format!("Basic {}", BASE64_STANDARD.encode(format!("aws:{}", world.token))),
        _ => format!("Bearer {}", world.token),
    };
    let kind = pick(chance, KINDS);
    let accept = if chance.bool() { kind } else { pick(chance, ACCEPTED) };
    let headers = [
        ("host", host),
        ("authorization", login.as_str()),
        ("content-type", kind),
        ("accept", accept),
        ("range", "bytes=5-1"),
        ("if-none-match", "\"\""),
    ];
    Request::new(pick(chance, METHODS), &target, &headers, &body)
}

fn plausible_format(chance: &mut fastrand::Rng) -> String {
    escape(&plausible(chance, FORMATS))
}

/// A known path, some of whose characters are others.
fn path(chance: &mut fastrand::Rng) -> String {
    let path = pick(chance, PATHS);
    match chance.u8(0..8) {
        0 => {
            let mut bytes = path.as_bytes().to_vec();
            mutate(&mut bytes, chance);
            percent_encoding::percent_encode(&bytes, NON_ALPHANUMERIC).to_string().replace("%2F", "/")
        }
        1 => format!("{path}/{}", escape(&plausible(chance, &["1.0.0", "a"]))),
        _ => path.to_owned(),
    }
}

fn escape(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
