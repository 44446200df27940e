//! What the requests are about: a domain with repositories, packages and a group, and a token.

use crate::connection::Connection;
use crate::request::Request;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use codeartifact_emulator::Emulator;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::SystemTime;

pub(crate) struct World<'a> {
    emulator: &'a Emulator,
    pub(crate) token: String,
    /// Where a file is on the port of assets, while its address is good.
    pub(crate) file: String,
}

/// A policy that lets its own account do what it may.
const OPEN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"codeartifact:*","Resource":"*"}]}"#;

impl<'a> World<'a> {
    /// Make what is not there any more. Another worker may take it away meanwhile, though seldom.
    pub(crate) fn make(emulator: &'a Emulator, connection: &mut Connection) -> Self {
        let made = (0..100).find_map(|_| Self::attempt(emulator, connection));
        made.unwrap_or_else(|| panic!("no token is minted"))
    }

    fn attempt(emulator: &'a Emulator, connection: &mut Connection) -> Option<Self> {
        let mut world = Self { emulator, token: String::new(), file: String::new() };
        reset(connection);
        world.furnish(connection);
        world.open_team(connection);
        connection.exchange(&world.publication());
        let mint = ("POST", "/v1/authorization-token?domain=acme");
        let minted = connection.exchange(&world.signed("codeartifact", mint, &[], b""));
        let minted: Value = serde_json::from_slice(minted.body()).unwrap();
        minted["authorizationToken"].as_str()?.clone_into(&mut world.token);
        let login = format!("Bearer {}", world.token);
        let target = "/npm/d/acme-123456789012/team/tidy/-/tidy-1.0.0.tgz";
        let headers = [("host", "fuzz"), ("authorization", login.as_str())];
        let sent = connection.exchange(&Request::new("GET", target, &headers, b""));
        // The other worker may have blocked what is public.
        world.file = format!("/{}", sent.location().splitn(4, '/').nth(3).unwrap_or_default());
        Some(world)
    }

    /// A domain, two repositories and a package group.
    fn furnish(&self, connection: &mut Connection) {
        let connect =
            "repository/external-connection?domain=acme&repository=store&external-connection=public:npmjs";
        let upstreams = json!({ "upstreams": [{ "repositoryName": "store" }] });
        // A policy that locks everybody out can be replaced, and only that.
        let open = json!({ "domain": "acme", "policyDocument": OPEN });
        for (method, path, body) in [
            ("POST", "domain?domain=acme", json!({})),
            ("PUT", "domain/permissions/policy", open.clone()),
            ("POST", "repository?domain=acme&repository=store", json!({})),
            ("PUT", "repository/permissions/policy?domain=acme&repository=store", open.clone()),
            ("POST", connect, json!({})),
            ("POST", "repository?domain=acme&repository=team", upstreams),
            ("PUT", "repository/permissions/policy?domain=acme&repository=team", open),
            ("POST", "package-group?domain=acme", json!({ "packageGroup": "/npm/*" })),
        ] {
            let target = format!("/v1/{path}");
            connection.exchange(&self.signed(
                "codeartifact",
                (method, &target),
                &[],
                body.to_string().as_bytes(),
            ));
        }
    }

    /// Only putting a policy does not ask the policy that is there, which may deny everything.
    fn open_team(&self, connection: &mut Connection) {
        let statement = json!({
            "Effect": "Allow",
            "Principal": "*",
            "Action": "codeartifact:ReadFromRepository",
            "Resource": "*",
        });
        let policy = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
        for place in ["domain", "repository"] {
            let target = format!("/v1/{place}/permissions/policy?domain=acme&repository=team");
            let body = json!({ "domain": "acme", "policyDocument": policy }).to_string();
            connection.exchange(&self.signed("codeartifact", ("PUT", &target), &[], body.as_bytes()));
        }
    }

    fn publication(&self) -> Request {
        let content = b"content";
        let hash = hex::encode(Sha256::digest(content));
        let target = "/v1/package/version/publish?domain=acme&repository=team&format=generic&namespace=acme\
                      &package=left-pad&version=1.0.0&asset=a.bin";
        self.signed("codeartifact", ("POST", target), &[("x-amz-content-sha256", &hash)], content)
    }

    /// A request that the administrator has signed. The headers are sent besides.
    pub(crate) fn signed(
        &self,
        service: &str,
        (method, target): (&str, &str),
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Request {
        let identity = Credentials::new("test", "test", None, None, "fuzz").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name(service)
            .time(SystemTime::from(self.emulator.now()))
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let url = format!("http://fuzz{target}");
        let none = std::iter::empty();
        let signable = SignableRequest::new(method, &url, none, SignableBody::Bytes(body)).unwrap();
        let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
        let signed = instructions.headers().filter(|(name, _)| *name != "x-amz-security-token");
        let all: Vec<_> =
            [("host", "fuzz")].into_iter().chain(signed).chain(headers.iter().copied()).collect();
        Request::new(method, target, &all, body)
    }
}

/// The control routes: the clock comes back to the machine's time, faults go, a public package is there.
fn reset(connection: &mut Connection) {
    #[expect(clippy::disallowed_methods, reason = "the time that the emulator's clock shall have again")]
    let now = jiff::Timestamp::now();
    // No other request names the second one.
    let packages = ["left-pad", "tidy"].map(|name| json!({ "name": name, "version": "1.0.0" }));
    let seed = json!({ "connection": "public:npmjs", "packages": packages });
    for (method, target, body) in [
        ("POST", "/_emulator/clock", json!({ "set": now })),
        ("DELETE", "/_emulator/faults", Value::Null),
        ("PUT", "/_emulator/seed", seed),
    ] {
        connection.exchange(&Request::new(method, target, &[], body.to_string().as_bytes()));
    }
}
