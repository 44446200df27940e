//! Files of packages that are elsewhere: where package managers are sent for them, and who gets them there.

use crate::data;
use crate::support::{ACCOUNT, client, control, create, exchange, send};
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::types::PackageFormat;
use codeartifact_emulator::{Assets, Emulator, Options};
use http::{Method, Request, Response};
use http_body_util::Full;
use hyper::body::Bytes;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::net::TcpStream;

/// A file of each format in a public registry.
const FILES: [(&str, &str, &str, &str); 5] = [
    ("npm", "public:npmjs", "left-pad", "left-pad/-/left-pad-1.0.0.tgz"),
    ("pypi", "public:pypi", "left-pad", "simple/left-pad/1.0.0/left_pad-1.0.0-py3-none-any.whl"),
    ("maven", "public:maven-central", "org.acme:left-pad", "org/acme/left-pad/1.0.0/left-pad-1.0.0.jar"),
    ("cargo", "public:crates-io", "left-pad", "api/v1/crates/left-pad/1.0.0/download"),
    ("ruby", "public:ruby-gems-org", "left-pad", "gems/left-pad-1.0.0.gem"),
];

const TARBALL: (&str, &str, &str) = ("npm", "npm", FILES[0].3);

struct World {
    emulator: Arc<Emulator>,
    client: Client,
    token: String,
}

impl World {
    /// An emulator with files elsewhere, and one package behind a repository for each format.
    async fn new() -> Self {
        Self::encrypted_with(None).await
    }

    /// The same, in a domain with that KMS key, which is declared.
    async fn encrypted_with(key: Option<&str>) -> Self {
        let options = Options { assets: Assets::Redirect, ..Options::default() };
        let emulator = Arc::new(Emulator::start(options).await.unwrap());
        let client = client(&emulator);
        if let Some(key) = key {
            control(&emulator, "PUT", "/keys", json!({ "key": key })).await;
        }
        let create_domain = client.create_domain().domain("acme").set_encryption_key(key.map(str::to_owned));
        create_domain.send().await.unwrap();
        for (format, connection, name, _) in FILES {
            create(&client, format).await;
            let connect = client.associate_external_connection().domain("acme").repository(format);
            connect.external_connection(connection).send().await.unwrap();
            let packages = json!([{ "name": name, "version": "1.0.0", "published": "2024-01-01T00:00:00Z" }]);
            let seed = json!({ "connection": connection, "packages": packages });
            control(&emulator, "PUT", "/seed", seed).await;
        }
        let token = data::token(&client).await;
        Self { emulator, client, token }
    }

    async fn ask(&self, method: &str, place: (&str, &str, &str)) -> Response<Bytes> {
        data::ask(&self.emulator, (method, Some(&self.token)), place).await
    }

    /// Where a package manager is sent for a file: a path and a query on the port of assets.
    async fn sent(&self, method: &str, place: (&str, &str, &str)) -> String {
        let answer = self.ask(method, place).await;
        assert_eq!((answer.status().as_u16(), answer.body().len()), (307, 0), "{place:?}");
        let location = answer.headers()["location"].to_str().unwrap();
        // Another host than the one that was asked.
        let url = self.emulator.assets_url().unwrap().replace("127.0.0.1", "localhost");
        location.strip_prefix(&url).unwrap().to_owned()
    }

    /// The answer of the port of assets to that request.
    async fn fetch(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
        let url = self.emulator.assets_url().unwrap();
        let address = url.strip_prefix("http://").unwrap();
        let request = Request::builder().method(method).uri(path).header("host", address);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let stream = TcpStream::connect(address).await.unwrap();
        exchange(stream, request.body(Full::default()).unwrap()).await
    }

    /// The status and the code of a refusal there, which says why.
    async fn refused(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let answer = self.fetch(method, path, headers).await;
        assert_eq!(answer.headers()["content-type"], "application/xml");
        let body = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(!body.contains(&self.token), "{body}");
        let member = |name: &str| {
            let (_, rest) = body.split_once(&format!("<{name}>"))?;
            Some(rest.split_once('<')?.0.to_owned())
        };
        if method == "HEAD" {
            return (answer.status().as_u16(), String::new());
        }
        let (code, message) = (member("Code").unwrap(), member("Message").unwrap());
        assert!(body.starts_with("<?xml") && member("RequestId").is_some(), "{body}");
        (answer.status().as_u16(), format!("{code}: {message}"))
    }
}

#[tokio::test]
async fn files_of_every_format_are_elsewhere_and_need_no_token_there() {
    let world = World::new().await;
    let begun = world.emulator.journal(0).last().unwrap().seq;
    for (format, _, _, path) in FILES {
        let sent = world.sent("GET", (format, format, path)).await;
        let (place, query) = sent.split_once('?').unwrap();
        assert!(place.starts_with(&format!("/assets-{ACCOUNT}-us-east-1/{ACCOUNT}/acme/")), "{place}");
        for member in
            ["Algorithm=AWS4-HMAC-SHA256", "Credential", "Date", "Expires=600", "SignedHeaders", "Signature"]
        {
            assert!(query.contains(&format!("X-Amz-{member}")), "{member}: {query}");
        }
        let file = world.fetch("GET", &sent, &[]).await;
        assert_eq!(file.status(), 200, "{format}");
        let api = asset(&world.client, format).await;
        assert!(!api.is_empty() && file.body() == &api, "{format}");
        for header in ["etag", "accept-ranges", "content-type"] {
            assert!(file.headers().contains_key(header), "{format} {header}");
        }
        assert_eq!(file.headers().get("last-modified").is_some(), format == "maven");
        let head = world.sent("HEAD", (format, format, path)).await;
        let head = world.fetch("HEAD", &head, &[]).await;
        let length = head.headers()["content-length"].to_str().unwrap();
        assert_eq!((head.status().as_u16(), length), (200, api.len().to_string().as_str()));
    }
    let journal = world.emulator.journal(begun);
    let seen: Vec<_> = journal.iter().map(|one| (one.service, one.operation.as_str(), one.status)).collect();
    let npm = [
        ("data", "NpmGetTarball", Some(307)),
        ("s3", "GetObject", Some(200)),
        ("codeartifact", "ListPackageVersionAssets", Some(200)),
        ("codeartifact", "GetPackageVersionAsset", Some(200)),
        ("data", "NpmGetTarball", Some(307)),
        ("s3", "HeadObject", Some(200)),
    ];
    assert_eq!(seen[..6], npm);
    assert!(journal[1].parameters["path"].as_str().unwrap().starts_with("/assets-"), "{journal:?}");
    let text = serde_json::to_string(&journal).unwrap();
    assert!(!text.contains("X-Amz-") && !text.contains(&world.token), "{text}");
}

/// The first file of the retained version, as the API gives it: never from elsewhere.
async fn asset(client: &Client, format: &str) -> Bytes {
    let namespace = (format == "maven").then(|| "org.acme".to_owned());
    let kind = PackageFormat::from(format);
    let list = client.list_package_version_assets().domain("acme").repository(format).format(kind.clone());
    let list = list.set_namespace(namespace.clone()).package("left-pad").package_version("1.0.0");
    let list = list.send().await.unwrap();
    // A jar comes before its POM.
    let name = list.assets()[0].name();
    let get = client.get_package_version_asset().domain("acme").repository(format).format(kind);
    let get = get.set_namespace(namespace).package("left-pad").package_version("1.0.0").asset(name);
    get.send().await.unwrap().asset.collect().await.unwrap().into_bytes()
}

#[tokio::test]
async fn what_is_no_file_of_a_package_is_answered_in_its_place() {
    let world = World::new().await;
    for (format, path) in [
        ("npm", "left-pad"),
        ("pypi", "simple/left-pad/"),
        ("maven", "org/acme/left-pad/maven-metadata.xml"),
        ("maven", "org/acme/left-pad/1.0.0/left-pad-1.0.0.jar.sha1"),
        ("cargo", "config.json"),
        ("ruby", "info/left-pad"),
        ("ruby", "quick/Marshal.4.8/left-pad-1.0.0.gemspec.rz"),
    ] {
        assert_eq!(world.ask("GET", (format, format, path)).await.status(), 200, "{path}");
    }
    // Who may not have a file is not told where it is.
    assert_eq!(data::ask(&world.emulator, ("GET", None), TARBALL).await.status(), 401);
    assert_eq!(world.ask("GET", ("npm", "npm", "left-pad/-/left-pad-2.0.0.tgz")).await.status(), 404);
    for path in ["/", "/_emulator/health", "/v1/domain?domain=acme", "/npm/d/acme-123456789012/npm/left-pad"]
    {
        assert_eq!(
            world.refused("GET", path, &[]).await,
            (403, "AccessDenied: Access Denied".into()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_address_is_for_who_sends_no_token_and_changes_nothing() {
    let world = World::new().await;
    let sent = world.sent("GET", TARBALL).await;
    let mechanism = "InvalidArgument: Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, \
                     Signature query string parameter or the Authorization header should be specified";
    for login in [format!("Bearer {}", world.token), "Basic YXdzOmE=".into(), world.token.clone()] {
        let refused = world.refused("GET", &sent, &[("authorization", &login)]).await;
        assert_eq!(refused, (400, mechanism.into()));
    }
    let mismatch = "SignatureDoesNotMatch: The request signature we calculated does not match the signature you \
                    provided. Check your key and signing method.";
    let other = world.sent("GET", ("pypi", "pypi", FILES[1].3)).await;
    let query = sent.split_once('?').unwrap().1;
    for changed in [
        format!("{}?{query}", other.split_once('?').unwrap().0),
        sent.replace("Expires=600", "Expires=6000"),
        format!("{sent}0"),
        format!("{sent}&response-content-type=text/html"),
    ] {
        assert_eq!(world.refused("GET", &changed, &[]).await, (403, mismatch.into()), "{changed}");
    }
    for method in ["PUT", "POST", "DELETE", "HEAD"] {
        assert_eq!(world.refused(method, &sent, &[]).await.0, 403, "{method}");
    }
    let (code, told) = world.refused("GET", sent.split_once("&X-Amz-Sig").unwrap().0, &[]).await;
    assert!(code == 400 && told.starts_with("AuthorizationQueryParametersError: "), "{code} {told}");
    assert_eq!(world.fetch("GET", &sent, &[]).await.status(), 200);
    let errors: Vec<_> = world.emulator.journal(0).into_iter().filter(|one| one.service == "s3").collect();
    assert_eq!(errors[0].error.as_deref(), Some("InvalidArgument"));
    assert_eq!(errors.last().unwrap().error, None);
}

#[tokio::test]
async fn an_address_expires_by_the_emulators_clock_and_outlives_the_package() {
    let world = World::new().await;
    let sent = world.sent("GET", TARBALL).await;
    let delete = world.client.delete_package().domain("acme").repository("npm").format(PackageFormat::Npm);
    delete.package("left-pad").send().await.unwrap();
    world.emulator.advance(SignedDuration::from_mins(9));
    assert_eq!(world.fetch("GET", &sent, &[]).await.status(), 200);
    world.emulator.advance(SignedDuration::from_mins(1));
    let expired = (403, "AccessDenied: Request has expired".to_owned());
    assert_eq!(world.refused("GET", &sent, &[]).await, expired);
    // Who asks again is sent to another address, to the same file.
    let again = world.sent("GET", TARBALL).await;
    assert_eq!(again.split_once('?').unwrap().0, sent.split_once('?').unwrap().0);
    assert_eq!(world.fetch("GET", &again, &[]).await.status(), 200);
    assert_eq!(world.refused("GET", &sent, &[]).await, expired);
    control(&world.emulator, "POST", "/reset", Value::Null).await;
    let gone = "NoSuchKey: The specified key does not exist.";
    assert_eq!(world.refused("GET", &again, &[]).await, (404, gone.into()));
}

#[tokio::test]
async fn a_file_whose_key_is_lost_is_at_no_address() {
    let key = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let world = World::encrypted_with(Some(key)).await;
    let sent = world.sent("GET", TARBALL).await;
    let lost = "KMS.DisabledException: The KMS key that the file is encrypted with is disabled or not there";
    for is_enabled in [true, false, true] {
        control(&world.emulator, "PUT", "/keys", json!({ "key": key, "enabled": is_enabled })).await;
        if is_enabled {
            assert_eq!(world.fetch("GET", &sent, &[]).await.status(), 200);
        } else {
            assert_eq!(world.refused("GET", &sent, &[]).await, (400, lost.into()));
        }
    }
}

#[tokio::test]
async fn a_part_of_a_file_is_served_elsewhere() {
    let world = World::new().await;
    let sent = world.sent("GET", TARBALL).await;
    let whole = world.fetch("GET", &sent, &[]).await.into_body();
    let part = world.fetch("GET", &sent, &[("range", "bytes=2-5")]).await;
    assert_eq!((part.status().as_u16(), part.body()), (206, &whole.slice(2..6)));
    assert_eq!(part.headers()["content-range"], format!("bytes 2-5/{}", whole.len()));
    let refused = world.refused("GET", &sent, &[("range", "bytes=100000-")]).await;
    assert_eq!(refused, (416, "InvalidRange: The requested range is not satisfiable".into()));
}

#[tokio::test]
async fn faults_befall_files_elsewhere_and_no_rate_does() {
    let world = World::new().await;
    let sent = world.sent("GET", TARBALL).await;
    let faults = json!([
        { "match": { "operation": "GetObject" }, "fault": { "error": "SlowDown" }, "times": 1 },
        { "match": { "operation": "HeadObject" }, "fault": { "status": 503 } },
    ]);
    control(&world.emulator, "PUT", "/faults", faults).await;
    assert_eq!(world.refused("GET", &sent, &[]).await.1, "SlowDown: A fault was asked for");
    assert_eq!(world.fetch("GET", &sent, &[]).await.status(), 200);
    let head = world.sent("HEAD", TARBALL).await;
    assert_eq!(world.fetch("HEAD", &head, &[]).await.status(), 503);
    let mut options = Options { assets: Assets::Redirect, ..Options::default() };
    options.rates.set("unauthenticated=1").unwrap();
    let emulator = Arc::new(Emulator::start(options).await.unwrap());
    let throttled = World { emulator, ..world };
    for _ in 0..5 {
        assert_eq!(throttled.refused("GET", "/", &[]).await.0, 403);
    }
}

#[tokio::test]
async fn files_are_where_repositories_are_unless_told_otherwise() {
    let emulator = crate::support::start().await;
    assert_eq!(emulator.assets_url(), None);
    let path = format!("/assets-{ACCOUNT}-us-east-1/{ACCOUNT}/file?X-Amz-Algorithm=AWS4-HMAC-SHA256");
    let request = Request::builder().method(Method::GET).uri(path).header("host", "emulator");
    let answer = send(&emulator, request.body(Full::default()).unwrap()).await;
    assert_eq!(answer.status(), 404);
}
