//! What is shown of a manifest, and what is said of one that cannot be shown.

use serde_json::Value;

use super::*;

const STORE: &str = "
apiVersion: codeartifact-operator.dev/v1alpha1
kind: RegistryCredential
metadata: {name: npm-login}
spec:
  registries:
  - repositoryRef: {name: npm-store}
    formats: [npm]
  secret:
    name: login
    labels: {team: a}
    templates: {custom.txt: \"{{ token }} {{ registries[0].repository }}\"}
---
apiVersion: codeartifact-operator.dev/v1alpha1
kind: Repository
metadata: {name: npm-store}
spec: {name: npm.store, domainRef: {name: packages, namespace: platform}}
---
apiVersion: codeartifact-operator.dev/v1alpha1
kind: Domain
metadata: {name: packages, namespace: platform}
spec: {name: acme, owner: '999999999999'}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: passed-over}
";
const ACCOUNT: &str = "
---
apiVersion: codeartifact-operator.dev/v1alpha1
kind: AwsAccount
metadata: {name: default}
spec: {accountId: '111122223333', region: eu-central-1}
";

fn shown(manifest: &str, known: &Known) -> Result<Vec<Value>, String> {
    let rendered = Documents::read(manifest, "team-a").and_then(|documents| render(&documents, known));
    let text = rendered.map_err(|problems| problems.join("\n"))?;
    Ok(serde_saphyr::from_multiple(&text).unwrap())
}

fn flags() -> Known {
    Known { account_id: Some("111122223333".into()), region: Some("eu-central-1".into()) }
}

#[test]
fn references_lead_through_the_documents_to_the_files() {
    for (manifest, known) in [(STORE.to_owned(), flags()), (format!("{STORE}{ACCOUNT}"), Known::default())] {
        let secrets = shown(&manifest, &known).unwrap();
        assert_eq!(secrets.len(), 1);
        let secret = &secrets[0];
        assert_eq!(
            (&secret["metadata"]["name"], &secret["metadata"]["namespace"]),
            (&"login".into(), &"team-a".into())
        );
        assert_eq!(secret["metadata"]["labels"]["team"], "a");
        let host = "acme-999999999999.d.codeartifact.eu-central-1.amazonaws.com";
        assert_eq!(
            secret["stringData"][".npmrc"],
            format!(
                "registry=https://{host}/npm/npm.store/\n//{host}/npm/npm.store/:_authToken=masked-token-of-acme\n"
            )
        );
        assert_eq!(secret["stringData"]["custom.txt"], "masked-token-of-acme npm.store");
        assert_eq!(secret["stringData"]["token"], "masked-token-of-acme");
    }
}

/// A login with a member of its one registry.
fn login(registry: &str) -> String {
    format!(
        "apiVersion: codeartifact-operator.dev/v1alpha1\nkind: RegistryCredential\nmetadata: {{name: a}}\nspec:\n  registries:\n  - repository: {{domain: acme, name: store}}\n    formats: [pip]\n    {registry}\n  # more\n"
    )
}

#[test]
fn addresses_follow_from_the_names_or_the_endpoint() {
    for (registry, index) in [
        (
            "",
            "https://aws:masked-token-of-acme@acme-111122223333.d.codeartifact.eu-central-1.amazonaws.com/pypi/store/simple/",
        ),
        (
            "endpointType: dualstack",
            "https://aws:masked-token-of-acme@acme-111122223333.codeartifact.eu-central-1.on.aws/pypi/store/simple/",
        ),
        (
            "endpoint: https://example.com",
            "https://aws:masked-token-of-acme@example.com/pypi/d/acme-111122223333/store/simple/",
        ),
    ] {
        let secrets = shown(&login(registry), &flags()).unwrap();
        assert_eq!(secrets[0]["stringData"]["pip.conf"], format!("[global]\nindex-url = {index}\n"));
    }
    let china = Known { region: Some("cn-north-1".into()), ..flags() };
    assert!(shown(&login(""), &china).unwrap_err().contains("set `endpoint` for a preview"));
}

#[test]
fn what_cannot_be_shown_says_what_to_add() {
    let without = |part: &str| {
        STORE.split("\n---\n").filter(|document| !document.contains(part)).collect::<Vec<_>>().join("\n---\n")
    };
    let (plain, bare) = (login(""), Known::default());
    for (manifest, known, expected) in [
        (
            STORE.to_owned(),
            &bare,
            "RegistryCredential team-a/npm-login: AwsAccount default is not in the file; add it to the file, or say --account-id and --region",
        ),
        (
            without("kind: Repository"),
            &flags(),
            "spec.registries[0].repositoryRef names Repository team-a/npm-store, which is not in the file; add it to the file, or name",
        ),
        (
            without("kind: Domain"),
            &flags(),
            "Repository team-a/npm-store: spec.domainRef names Domain platform/packages, which is not in the file; add it",
        ),
        (without("RegistryCredential"), &flags(), "there is no RegistryCredential in it; add one"),
        (String::new(), &flags(), "there is no RegistryCredential in it; add one"),
        ("a: [".into(), &flags(), "it is no YAML"),
        ("a: b".into(), &flags(), "document 1: it needs apiVersion and kind"),
        (
            plain.clone(),
            &Known { account_id: Some("1".into()), ..flags() },
            "the account is 1: an AWS account is 12 digits",
        ),
        (plain, &Known { region: Some("Europe".into()), ..flags() }, "the Region is Europe: write the code"),
    ] {
        refused(&manifest, known, expected);
    }
}

fn refused(manifest: &str, known: &Known, expected: &str) {
    let told = shown(manifest, known).expect_err(expected);
    assert!(told.contains(expected), "{manifest}\nshould say: {expected}\nbut says: {told}");
}

/// What in a sound login is written in another way, and what is said of it.
const WRONG: [(&str, &str, &str); 19] = [
    ("RegistryCredential", "RegistryCredentials", "there is no kind RegistryCredentials; known are "),
    (
        "v1alpha1",
        "v1",
        "there is no version codeartifact-operator.dev/v1; write codeartifact-operator.dev/v1alpha1",
    ),
    ("metadata: {name: a}", "metadata: {}", "metadata.name is missing"),
    ("{name: a}", "{name: no}", "metadata.name must be a text; put it in quotes"),
    ("formats:", "format:", "there is no field spec.registries[0].format; known are "),
    ("formats:", "format:", "spec.registries[0].formats is missing"),
    ("[pip]", "pip", "spec.registries[0].formats must be of type array"),
    ("[pip]", "[rpm]", "spec.registries[0].formats[0] is rpm; write one of"),
    ("[pip]", "[]", "spec.registries[0].formats has 0 entries, and 1 to"),
    ("acme", "Acme", "spec.registries[0], its domain is Acme: the name of a domain has 2 to 50"),
    ("store", "s", "spec.registries[0].repository.name has 1 characters, and 2 to 100 are possible"),
    (
        "[pip]",
        "[npm]\n    scope: acme",
        "spec.registries[0].scope is acme: an npm scope such as @acme is needed",
    ),
    (
        "[pip]",
        "[pip]\n    repositoryRef: {name: b}",
        "spec.registries[0] needs exactly one of repositoryRef and repository",
    ),
    (
        "# more",
        "secret: {templates: {a: '{{ tokn }}'}}",
        "spec.secret.templates[\"a\"], line 1: there is no value tokn",
    ),
    ("# more", "secret: {templates: {a: 1}}", "spec.secret.templates.a must be of type string"),
    (
        "# more",
        "secret: {templates: {pip.conf: a}}",
        "spec.secret.templates[\"pip.conf\"]: one of the formats in spec.registries writes that key",
    ),
    ("# more", "suspend: 'no'", "spec.suspend must be of type boolean"),
    ("# more", "token: {duration: soon}", "spec.token.duration is soon: write a duration like 90m or 1h30m"),
    ("# more", "secret: {labels: null}", "spec.secret.labels must be of type object"),
];

#[test]
fn what_is_written_wrongly_is_told_with_its_field() {
    assert!(shown(&login(""), &flags()).is_ok());
    for (from, to, expected) in WRONG {
        refused(&login("").replace(from, to), &flags(), expected);
    }
}

#[test]
fn lists_are_read_and_every_problem_is_told() {
    let item = |name: &str, format: &str| {
        format!(
            "- apiVersion: codeartifact-operator.dev/v1alpha1\n  kind: RegistryCredential\n  metadata: {{name: {name}, namespace: team}}\n  spec: {{registries: [{{repository: {{domain: acme, name: store}}, formats: [{format}]}}]}}\n"
        )
    };
    let list = |items: &[String]| format!("apiVersion: v1\nkind: List\nitems:\n{}", items.concat());
    let secrets = shown(&list(&[item("a", "npm"), item("b", "pip")]), &flags()).unwrap();
    assert_eq!(
        secrets.iter().map(|secret| secret["metadata"]["name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["a", "b"]
    );
    let told = shown(&list(&[item("a", "rpm"), item("b", "deb")]), &flags()).unwrap_err();
    assert!(told.contains("document 1: ") && told.contains("document 2: "), "{told}");
}

#[test]
fn a_registry_has_its_own_account_and_the_account_says_which_endpoints() {
    let eu = ACCOUNT.replace("name: default", "name: eu");
    let own = login("accountRef: {name: eu}");
    let secrets = shown(&format!("{own}{eu}"), &Known::default()).unwrap();
    let pip = secrets[0]["stringData"]["pip.conf"].as_str().unwrap();
    assert!(pip.contains("acme-111122223333.d.codeartifact.eu-central-1."), "{pip}");
    // The command line knows one account: that of the login.
    refused(&own, &flags(), "AwsAccount eu is not in the file; add it to the file");

    let allowing = eu.replace("spec: {", "spec: {allowedEndpoints: [proxy.platform.svc], ");
    let proxied =
        |host: &str| login(&format!("accountRef: {{name: eu}}\n    endpoint: http://{host}/any")) + &allowing;
    let secrets = shown(&proxied("proxy.platform.svc"), &Known::default()).unwrap();
    let pip = secrets[0]["stringData"]["pip.conf"].as_str().unwrap();
    assert!(pip.contains("@proxy.platform.svc/any/pypi/store/simple/"), "{pip}");
    refused(
        &proxied("other.platform.svc"),
        &Known::default(),
        "AwsAccount eu allows the hosts proxy.platform.svc",
    );
}
