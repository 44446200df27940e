//! What is refused of an AwsAccount.

use serde_json::{Value, json};

use super::super::{Row, row};
use super::{ACCOUNT, NO_DURATION, UNWRITTEN, tags};

const KIND: &str = "AwsAccount";
const ADDRESS: &str = "an address is https:// or http:// and a host, perhaps with a port; no path follows";

/// Account, sign-in, limits, tags.
pub(super) fn top() -> Vec<Row> {
    const CREDENTIALS: &str = "credentials needs exactly one of controller and secretRef";
    let both = json!({"credentials": {"controller": {}, "secretRef": {"namespace": "a", "name": "b"}}});
    let mut rows = vec![
        row(KIND, json!({"accountId": "12345678901"}), ACCOUNT),
        row(KIND, json!({"accountId": "1111-2222-3333"}), "12 digits, without spaces or dashes"),
        row(KIND, json!({"accountId": "11112222333a"}), ACCOUNT),
        row(KIND, json!({"accountId": null}), "spec.accountId: Required value"),
        row(
            KIND,
            json!({"region": "Frankfurt"}),
            "region is the code of an AWS Region, such as eu-central-1",
        ),
        row(KIND, json!({"region": null}), "spec.region: Required value"),
        row(KIND, json!({"endpoints": {"sts": "sts.example"}}), ADDRESS),
        row(KIND, json!({"endpoints": {"codeartifact": "http://a/b/c"}}), ADDRESS),
        row(
            KIND,
            json!({"allowedEndpoints": ["https://vpce.example.com"]}),
            "spec.allowedEndpoints[0] in body should match",
        ),
        row(KIND, json!({"allowedEndpoints": ["*"]}), "spec.allowedEndpoints[0] in body should match"),
        row(KIND, json!({"allowedEndpoints": vec!["a"; 51]}), "spec.allowedEndpoints: Too many: 51"),
        row(KIND, both, CREDENTIALS),
        row(KIND, json!({"credentials": {}}), CREDENTIALS),
        row(
            KIND,
            json!({"limits": {"readsPerSecond": 0}}),
            "spec.limits.readsPerSecond in body should be greater than or equal to 1",
        ),
        row(
            KIND,
            json!({"limits": {"writesPerSecond": 0}}),
            "spec.limits.writesPerSecond in body should be greater than or equal to 1",
        ),
        row(
            KIND,
            json!({"limits": {"tokensPerSecond": 10_001}}),
            "spec.limits.tokensPerSecond in body should be less than or equal to 10000",
        ),
        row(
            KIND,
            json!({"formerClusters": [""]}),
            "spec.formerClusters[0] in body should be at least 1 chars long",
        ),
    ];
    rows.extend(tags(KIND, "must have at most 20 items"));
    rows
}

/// Who may do what.
pub(super) fn grants() -> Vec<Row> {
    const ONE_SUBJECT: &str = "namespaces needs exactly one of names, selector and all";
    const MAX_DURATION: &str = "maxDuration must lie between 15m and 12h";
    let grant = |grant: Value| json!({ "grants": [grant] });
    let subject = |subject: Value| json!({"grants": [{"namespaces": subject}]});
    let minted = |duration: &str| {
        let credentials = json!([{"domains": ["a"], "maxDuration": duration}]);
        json!({"grants": [{"namespaces": {"all": true}, "credentials": credentials}]})
    };
    let mut rows = vec![
        row(KIND, subject(json!({})), ONE_SUBJECT),
        row(KIND, subject(json!({"all": true, "names": ["a"]})), ONE_SUBJECT),
        row(KIND, subject(json!({"all": false})), "all can only be true"),
        row(
            KIND,
            subject(json!({"names": []})),
            "spec.grants[0].namespaces.names in body should have at least 1 items",
        ),
        row(KIND, grant(json!({"manage": ["acme"]})), "spec.grants[0].namespaces: Required value"),
        row(
            KIND,
            grant(json!({"namespaces": {"all": true}, "manage": ["a/b/c"]})),
            "spec.grants[0].manage[0] in body should match",
        ),
        row(
            KIND,
            grant(json!({"namespaces": {"all": true}, "use": ["a b"]})),
            "spec.grants[0].use[0] in body should match",
        ),
        row(
            KIND,
            grant(json!({"namespaces": {"all": true}, "connect": ["a/b"]})),
            "spec.grants[0].connect[0] in body should match",
        ),
        row(
            KIND,
            grant(json!({"namespaces": {"all": true}, "credentials": [{"domains": []}]})),
            "should have at least 1 items",
        ),
        row(
            KIND,
            grant(
                json!({"namespaces": {"all": true}, "credentials": [{"domains": ["a"], "roleArn": "role"}]}),
            ),
            "roleArn in body should match",
        ),
        row(KIND, minted("14m"), MAX_DURATION),
        row(KIND, minted("13h"), MAX_DURATION),
    ];
    rows.extend(NO_DURATION.map(|duration| row(KIND, minted(duration), UNWRITTEN)));
    rows
}
