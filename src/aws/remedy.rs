//! What an administrator can do about a refusal of AWS. Pure.

use super::AwsErrorKind;
use crate::reason::Reason;

/// Each call that the operator's policies allow: the operation, the file in `deploy/iam`, and the statement in that file.
const STATEMENTS: [(&str, &str, &str); 20] = [
    ("CreateDomain", "domains-and-repositories", "Create"),
    ("CreateRepository", "domains-and-repositories", "Create"),
    ("DescribeDomain", "domains-and-repositories", "Domains"),
    ("ListRepositoriesInDomain", "domains-and-repositories", "Domains"),
    ("DeleteDomain", "domains-and-repositories", "Domains"),
    ("ListTagsForResource", "domains-and-repositories", "Repositories"),
    ("TagResource", "domains-and-repositories", "Repositories"),
    ("UntagResource", "domains-and-repositories", "Repositories"),
    ("DescribeRepository", "domains-and-repositories", "Repositories"),
    ("GetRepositoryEndpoint", "tokens", "Endpoints"),
    ("ListPackages", "domains-and-repositories", "Repositories"),
    ("UpdateRepository", "domains-and-repositories", "Repositories"),
    ("AssociateExternalConnection", "domains-and-repositories", "Repositories"),
    ("DisassociateExternalConnection", "domains-and-repositories", "Repositories"),
    ("DeleteRepository", "domains-and-repositories", "Repositories"),
    ("ListPackageVersions", "domains-and-repositories", "EmptyBeforeDelete"),
    ("DescribePackage", "package-policies", "Origin"),
    ("PutPackageOriginConfiguration", "package-policies", "Origin"),
    ("GetAuthorizationToken", "tokens", "Mint"),
    ("GetServiceBearerToken", "tokens", "Bearer"),
];

/// The quota that a call can reach: its name, its default value, and its code in Service Quotas where AWS raises the quota on
/// request. Source: the CodeArtifact user guide, "Quotas in AWS CodeArtifact", 2026.
const QUOTAS: [(&str, &str, u32, Option<&str>); 4] = [
    ("CreateDomain", "domains of an AWS account in a Region", 10, Some("L-DD7208D3")),
    ("CreateRepository", "repositories of a domain", 1000, Some("L-86608C96")),
    ("UpdateRepository", "direct upstreams of a repository", 10, None),
    ("TagResource", "tags of a resource", 50, None),
];

/// What an administrator can do about a refusal, as the end of a sentence. Signing in and minting have words of their own.
pub(super) fn remedy(operation: &str, kind: AwsErrorKind) -> String {
    match (operation, kind) {
        ("GetAuthorizationToken" | "GetCallerIdentity" | "AssumeRole" | "AssumeRoleWithWebIdentity", _) => String::new(),
        (_, AwsErrorKind::Denied) => {
            let statement = STATEMENTS.iter().find(|(allowed, ..)| *allowed == operation);
            let place = statement.map_or_else(
                || "the policies in deploy/iam".to_owned(),
                |(_, file, statement)| format!("the statement {statement} of deploy/iam/{file}.json"),
            );
            format!("; allow the identity that signs in codeartifact:{operation}, as in {place}")
        }
        (_, AwsErrorKind::Quota) => quota(operation),
        ("GetRepositoryEndpoint", AwsErrorKind::NotFound) => {
            "; create the repository in AWS, or correct its name in the spec".to_owned()
        }
        ("CreateRepository", AwsErrorKind::Conflict) => {
            "; if this stays, the domain has a repository whose name differs in capital letters alone: delete this object, and make \
             one with another name"
                .to_owned()
        }
        _ => String::new(),
    }
}

/// What can be done where AWS knows no domain of that name: the reason, and the remedy. `account` is the one that signs in.
pub fn no_domain(domain: &str, owner: &str, account: &str, region: &str) -> (Reason, String) {
    if owner == account {
        let remedy = format!(
            "account {account} has no domain {domain} in Region {region}; create it, correct its name, or, where another account owns it, \
             name that account as `owner`"
        );
        return (Reason::DomainNotFound, remedy);
    }
    let remedy = format!(
        "account {owner}, which the spec names as `owner`, has no domain {domain} in Region {region}; correct the owner, the name or the \
         AwsAccount"
    );
    (Reason::DomainOwnerWrong, remedy)
}

/// Which quota was reached, its value, and how more is had.
fn quota(operation: &str) -> String {
    match QUOTAS.iter().find(|(call, ..)| *call == operation) {
        Some((_, name, default, Some(code))) => format!(
            "; the number of {name} is limited to {default} unless AWS has raised this quota: delete what is not needed, or \
             request an increase of quota {code} in Service Quotas"
        ),
        Some((_, name, most, None)) => format!(
            "; the number of {name} is limited to {most}, and AWS does not raise this quota: remove what is not needed"
        ),
        None => "; delete what is not needed, or ask AWS to raise the quota (Service Quotas, CodeArtifact)"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn each_statement_allows_the_call_that_it_is_named_for() {
        let files = [
            ("domains-and-repositories", include_str!("../../deploy/iam/domains-and-repositories.json")),
            ("package-policies", include_str!("../../deploy/iam/package-policies.json")),
            ("tokens", include_str!("../../deploy/iam/tokens.json")),
        ];
        for (operation, file, sid) in STATEMENTS {
            let text = files.iter().find(|(name, _)| *name == file).unwrap().1;
            let policy: Value = serde_json::from_str(text).unwrap();
            let statements = policy["Statement"].as_array().unwrap();
            let statement = statements.iter().find(|statement| statement["Sid"] == sid).unwrap();
            assert!(
                statement["Action"].to_string().contains(&format!(":{operation}\"")),
                "{file} {sid}: {operation}"
            );
        }
    }

    #[test]
    fn a_refusal_ends_with_what_to_do() {
        let denied = remedy("DeleteDomain", AwsErrorKind::Denied);
        let expected = "; allow the identity that signs in codeartifact:DeleteDomain, as in the statement Domains of \
                        deploy/iam/domains-and-repositories.json";
        assert_eq!(denied, expected);
        for (operation, expected) in [
            ("CreateDomain", "limited to 10 unless AWS has raised this quota"),
            ("CreateRepository", "request an increase of quota L-86608C96 in Service Quotas"),
            ("TagResource", "AWS does not raise this quota"),
            ("DeleteDomain", "ask AWS to raise the quota"),
        ] {
            let told = remedy(operation, AwsErrorKind::Quota);
            assert!(told.contains(expected), "{told}");
        }
        let taken = remedy("CreateRepository", AwsErrorKind::Conflict);
        assert!(taken.contains("differs in capital letters alone: delete this object"), "{taken}");
        for (operation, kind) in
            [("GetAuthorizationToken", AwsErrorKind::Denied), ("CreateDomain", AwsErrorKind::Conflict)]
        {
            assert_eq!(remedy(operation, kind), "");
        }
    }
}
