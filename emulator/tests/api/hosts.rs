//! Where addresses in answers lead: by the host that a request names, by what a proxy says, or by what the
//! emulator was started with. And what the service's own host names are for.

use crate::data;
use crate::support::{admin, create, send, with_domain};
use crate::versions::publish_npm;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use codeartifact_emulator::{Emulator, Endpoints, Options};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A domain's host, that of the dual stack, and that of a private endpoint.
const HOST: &str = "acme-123456789012.d.codeartifact.us-east-1.amazonaws.com";
const DUAL: &str = "acme-123456789012.codeartifact.us-east-1.on.aws";
const PRIVATE: &str = "vpce-0743fe535b883ffff-76ddffff.d.codeartifact.us-east-1.vpce.amazonaws.com";
const API: &str = "codeartifact.us-east-1.amazonaws.com";

/// The part of a path between format and repository that names the domain, for hosts that do not name it.
const PATH: &str = "d/acme-123456789012/";

/// An emulator with an npm package, and a token for it.
async fn start(options: Options) -> (Arc<Emulator>, String) {
    let emulator = Arc::new(Emulator::start(options).await.unwrap());
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let manifest = json!({ "name": "widgets", "version": "1.0.0" });
    assert_eq!(publish_npm(&emulator, &client, "team", manifest).await, 200);
    let token = data::token(&client).await;
    (emulator, token)
}

fn aws() -> Options {
    Options { endpoints: Endpoints::Aws, ..Options::default() }
}

async fn ask(emulator: &Emulator, path: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
    let request = Request::builder().uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    send(emulator, request.body(Full::default()).unwrap()).await
}

async fn json_of(emulator: &Emulator, path: &str, headers: &[(&str, &str)]) -> Value {
    let answer = ask(emulator, path, headers).await;
    assert_eq!(answer.status(), 200, "{path} {headers:?}: {:?}", answer.body());
    serde_json::from_slice(answer.body()).unwrap()
}

/// The addresses of the repository that npm and cargo are told, when they ask at that host.
async fn told(
    (emulator, token): &(Arc<Emulator>, String),
    layout: &str,
    headers: &[(&str, &str)],
) -> [String; 2] {
    let login = format!("Bearer {token}");
    let headers = [headers, &[("authorization", login.as_str())]].concat();
    let packument = json_of(emulator, &format!("/npm/{layout}team/widgets"), &headers).await;
    let tarball = packument["versions"]["1.0.0"]["dist"]["tarball"].as_str().unwrap();
    let config = json_of(emulator, &format!("/cargo/{layout}team/config.json"), &headers).await;
    let (api, crates) = (config["api"].as_str().unwrap(), config["dl"].as_str().unwrap());
    assert_eq!(crates, format!("{api}/api/v1/crates"));
    [tarball.strip_suffix("widgets/-/widgets-1.0.0.tgz").unwrap().to_owned(), format!("{api}/")]
}

/// `GetRepositoryEndpoint`, signed for that host.
async fn endpoint(emulator: &Emulator, host: &str, more: &str) -> String {
    let identity = admin().into();
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_mins(1));
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("codeartifact")
        .time(SystemTime::from(emulator.now()))
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let path = format!("/v1/repository/endpoint?domain=acme&repository=team&format=npm{more}");
    let uri = format!("http://{host}{path}");
    let signable = SignableRequest::new("GET", &uri, std::iter::empty(), SignableBody::Bytes(b"")).unwrap();
    let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
    let mut request = Request::get(uri).body(()).unwrap();
    instructions.apply_to_request_http1x(&mut request);
    let path = request.uri().path_and_query().unwrap().as_str();
    json_of(emulator, path, &[("host", host)]).await["repositoryEndpoint"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn addresses_follow_the_host_that_was_asked() {
    let asked = start(Options::default()).await;
    for host in [
        "codeartifact:4566",
        "codeartifact",
        "my_service.team.svc:80",
        "10.0.0.1:4566",
        "[::1]:4566",
        PRIVATE,
        API,
    ] {
        let expected = ["npm", "cargo"].map(|format| format!("http://{host}/{format}/{PATH}team/"));
        assert_eq!(told(&asked, PATH, &[("host", host)]).await, expected);
        for more in ["", "&endpointType=ipv4", "&endpointType=dualstack"] {
            assert_eq!(endpoint(&asked.0, host, more).await, expected[0]);
        }
    }
    let expected = ["npm", "cargo"].map(|format| format!("http://codeartifact:4566/{format}/{PATH}team/"));
    assert_eq!(told(&asked, PATH, &[("host", "CodeArtifact:4566")]).await, expected);
}

#[tokio::test]
async fn a_host_that_is_none_leads_to_where_the_emulator_listens() {
    let asked = start(Options::default()).await;
    let expected = ["npm", "cargo"].map(|format| format!("{}/{format}/{PATH}team/", asked.0.url()));
    assert_eq!(told(&asked, PATH, &[]).await, expected);
    let long = "x".repeat(300);
    let twice = [("host", "a"), ("host", "b")];
    assert_eq!(told(&asked, PATH, &twice).await, expected);
    for host in ["", "a/b", "a\"b", "<a>", "user@host", "a b", "a?b", "a#b", "host:99999", "host:x", &long] {
        assert_eq!(told(&asked, PATH, &[("host", host)]).await, expected, "{host}");
    }
}

#[tokio::test]
async fn a_domains_host_has_its_repositories() {
    let asked = start(Options::default()).await;
    let port = format!("{DUAL}:8443");
    let upper = format!("{}:443", HOST.to_ascii_uppercase());
    for host in [HOST, DUAL, &port, &upper] {
        for layout in ["", PATH] {
            let led = host.to_ascii_lowercase();
            let expected = ["npm", "cargo"].map(|format| format!("http://{led}/{format}/team/"));
            assert_eq!(told(&asked, layout, &[("host", host)]).await, expected, "{layout}");
        }
    }
    let (emulator, token) = &asked;
    let login = format!("Bearer {token}");
    let login = ("authorization", login.as_str());
    for (host, path, headers, status) in [
        (HOST, "/npm/team/widgets/-/widgets-1.0.0.tgz", &[login][..], 200),
        (HOST, "/npm/none/widgets", &[login], 404),
        (HOST, "/npm/team/widgets", &[], 401),
        (HOST, "/npm/team", &[login], 404),
        (HOST, "/_emulator/health", &[], 200),
        // What is of the API and of STS is none of a repository's.
        (HOST, "/v1/domain?domain=acme", &[], 401),
        (HOST, "/v1/credentials", &[], 401),
        (HOST, "/?Action=GetCallerIdentity&Version=2011-06-15", &[], 404),
        // Elsewhere the path says which domain.
        ("codeartifact", "/npm/team/widgets", &[login], 404),
        (PRIVATE, "/npm/team/widgets", &[login], 404),
        (API, "/npm/team/widgets", &[login], 404),
    ] {
        let answer = ask(emulator, path, &[headers, &[("host", host)]].concat()).await;
        assert_eq!(answer.status(), status, "{host}{path}: {:?}", answer.body());
    }
}

#[tokio::test]
async fn hosts_that_the_service_has_elsewhere_are_not_served() {
    let (emulator, token) = start(Options::default()).await;
    let login = format!("Bearer {token}");
    for host in [
        "acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com",
        "acme-123456789012.codeartifact.eu-west-1.on.aws",
        "vpce-0743fe535b883ffff-76ddffff.d.codeartifact.eu-west-1.vpce.amazonaws.com:443",
        "codeartifact.eu-west-1.amazonaws.com",
        "sts.eu-west-1.amazonaws.com",
        "acme-123456789012.d.codeartifact.us-east-1.on.aws",
    ] {
        for path in ["/npm/team/widgets", "/npm/d/acme-123456789012/team/widgets", "/v1/domains", "/"] {
            let answer = ask(&emulator, path, &[("host", host), ("authorization", &login)]).await;
            assert_eq!(answer.status(), 421, "{host}{path}");
            let told: Value = serde_json::from_slice(answer.body()).unwrap();
            assert_eq!(told["message"], "The host is none of AWS CodeArtifact's in us-east-1");
        }
        let entry = emulator.journal(0).pop().unwrap();
        assert_eq!((entry.operation.as_ref(), entry.status), ("Unknown", Some(421)));
        assert_eq!(ask(&emulator, "/_emulator/health", &[("host", host)]).await.status(), 200);
    }
}

#[tokio::test]
async fn with_endpoints_of_aws_addresses_are_the_services_own() {
    let asked = start(aws()).await;
    for host in ["codeartifact:4566", API] {
        for (more, led) in [("", HOST), ("&endpointType=ipv4", HOST), ("&endpointType=dualstack", DUAL)] {
            assert_eq!(endpoint(&asked.0, host, more).await, format!("https://{led}/npm/team/"));
        }
    }
    for (host, layout, led) in
        [("codeartifact:4566", PATH, HOST), (HOST, "", HOST), (HOST, PATH, HOST), (DUAL, "", DUAL)]
    {
        let expected = [format!("https://{led}:443/npm/team/"), format!("https://{led}/cargo/team/")];
        assert_eq!(told(&asked, layout, &[("host", host)]).await, expected, "{host}");
    }
    let expected = ["npm", "cargo"].map(|format| format!("http://{PRIVATE}/{format}/{PATH}team/"));
    assert_eq!(told(&asked, PATH, &[("host", PRIVATE)]).await, expected, "as there is no other name there");
}

#[tokio::test]
async fn a_public_url_is_where_addresses_lead_whatever_was_asked() {
    for (url, tarballs) in [
        ("https://packages.example.com", "https://packages.example.com:443"),
        ("https://packages.example.com:8443", "https://packages.example.com:8443"),
        ("http://packages.example.com", "http://packages.example.com"),
    ] {
        let asked = start(Options { public_url: Some(url.parse().unwrap()), ..Options::default() }).await;
        let expected = [format!("{tarballs}/npm/{PATH}team/"), format!("{url}/cargo/{PATH}team/")];
        let forwarded = [("host", "b"), ("x-forwarded-host", "a"), ("x-forwarded-proto", "https")];
        assert_eq!(told(&asked, PATH, &forwarded).await, expected);
        assert_eq!(told(&asked, "", &[("host", HOST)]).await, expected);
        assert_eq!(endpoint(&asked.0, API, "").await, format!("{url}/npm/{PATH}team/"));
    }
}

#[tokio::test]
async fn what_a_proxy_says_counts_when_it_is_trusted() {
    let behind = [
        ("host", "inside:4566"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "packages.example.com"),
    ];
    let port = [&behind[..], &[("x-forwarded-port", "8443")]].concat();
    let own = [("host", "inside:4566"), ("x-forwarded-proto", "https"), ("x-forwarded-host", HOST)];
    let asked = start(Options { trust_forwarded: true, ..Options::default() }).await;
    for (headers, layout, expected) in [
        (
            &behind[..],
            PATH,
            [
                "https://packages.example.com:443/npm/d/acme-123456789012/",
                "https://packages.example.com/cargo/d/acme-123456789012/",
            ],
        ),
        (
            &port,
            PATH,
            [
                "https://packages.example.com:8443/npm/d/acme-123456789012/",
                "https://packages.example.com:8443/cargo/d/acme-123456789012/",
            ],
        ),
        (&own, "", [&format!("https://{HOST}:443/npm/"), &format!("https://{HOST}/cargo/")]),
    ] {
        assert_eq!(told(&asked, layout, headers).await, expected.map(|expected| format!("{expected}team/")));
    }
    let asked = start(Options::default()).await;
    let expected = ["npm", "cargo"].map(|format| format!("http://inside:4566/{format}/{PATH}team/"));
    for headers in [&behind[..], &port, &own] {
        assert_eq!(told(&asked, PATH, headers).await, expected);
    }
}

#[tokio::test]
async fn what_is_published_to_a_domains_host_is_there_on_every_host() {
    let (emulator, token) = start(aws()).await;
    let login = format!("Bearer {token}");
    let document = json!({
        "name": "widgets",
        "dist-tags": { "latest": "2.0.0" },
        "versions": { "2.0.0": { "name": "widgets", "version": "2.0.0" } },
        "_attachments": { "widgets-2.0.0.tgz": { "data": "Mi4wLjA=" } },
    });
    let request = Request::put("/npm/team/widgets").header("host", HOST).header("authorization", &login);
    let request = request.body(document.to_string().into()).unwrap();
    assert_eq!(send(&emulator, request).await.status(), 200);
    for (host, layout) in [(HOST, ""), (DUAL, ""), (PRIVATE, PATH), ("codeartifact:4566", PATH)] {
        let path = format!("/npm/{layout}team/widgets/-/widgets-2.0.0.tgz");
        let answer = ask(&emulator, &path, &[("host", host), ("authorization", &login)]).await;
        assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (200, &b"2.0.0"[..]), "{host}");
    }
}
