//! Who asks, and the principals that a policy of a resource can name.

/// Who asks for something.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Requester<'a> {
    /// Somebody with an access key.
    Account {
        account: &'a str,
        /// The user, the role, or the account's root.
        identity: &'a str,
        /// The session of a role.
        session: Option<&'a str>,
    },
    /// Somebody with a token of this OIDC provider.
    Federated(&'a str),
    /// A service of AWS, such as `pods.eks.amazonaws.com`.
    Service(&'a str),
}

/// How closely a policy means whom it names. The closer, the less else is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grant {
    /// The account, which then decides for itself whom it lets.
    Account,
    /// The user or role, or everybody.
    Identity,
    /// The very session; its own policy does not narrow that.
    Session,
}

/// A principal that a policy names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Principal {
    Everybody,
    Account(String),
    /// A user or a role.
    Identity(String),
    Session(String),
    /// A user or role that was deleted, by its unique id. It means nobody.
    Gone(String),
    Federated(String),
    Service(String),
}

impl Principal {
    /// An entry under `AWS`.
    pub(super) fn parse_aws(written: &str) -> Result<Self, String> {
        let invalid = || format!("Invalid principal in policy: \"AWS\":\"{written}\"");
        if written == "*" {
            return Ok(Self::Everybody);
        }
        if is_account(written) {
            return Ok(Self::Account(written.into()));
        }
        if is_unique_id(written) {
            return Ok(Self::Gone(written.into()));
        }
        let ["arn", "aws", service, "", account, resource] = written.splitn(6, ':').collect::<Vec<_>>()[..]
        else {
            return Err(invalid());
        };
        if !is_account(account) || written.contains(['*', '?']) {
            return Err(invalid());
        }
        match (service, resource.split_once('/')) {
            ("iam", None) if resource == "root" => Ok(Self::Account(account.into())),
            ("iam", Some(("user" | "role", name))) if !name.is_empty() => Ok(Self::Identity(written.into())),
            ("sts", Some(("assumed-role", name))) if name.split('/').count() == 2 => {
                Ok(Self::Session(written.into()))
            }
            _ => Err(invalid()),
        }
    }

    /// Whether it means who asks, and how closely.
    pub(super) fn means(&self, requester: &Requester<'_>) -> Option<Grant> {
        match (self, requester) {
            (Self::Everybody, Requester::Account { .. }) => Some(Grant::Identity),
            (Self::Account(named), Requester::Account { account, .. }) => {
                (named == account).then_some(Grant::Account)
            }
            (Self::Identity(named), Requester::Account { identity, .. }) => {
                (named == identity).then_some(Grant::Identity)
            }
            (Self::Session(named), Requester::Account { session, .. }) => {
                (session.as_ref() == Some(&named.as_str())).then_some(Grant::Session)
            }
            (Self::Federated(named), Requester::Federated(provider)) => {
                (named == provider).then_some(Grant::Identity)
            }
            (Self::Service(named), Requester::Service(service)) => {
                (named == service).then_some(Grant::Identity)
            }
            _ => None,
        }
    }

    /// The account whose user, role or session it is.
    pub(super) fn identity(&self) -> Option<&str> {
        match self {
            Self::Identity(arn) | Self::Session(arn) => Some(arn),
            _ => None,
        }
    }
}

/// Whether a list of exceptions holds who asks. AWS looks at the account, the identity and the
/// session one after the other, so the list must hold all of them.
pub(super) fn is_excepted(exceptions: &[Principal], requester: &Requester<'_>) -> bool {
    if exceptions.contains(&Principal::Everybody) {
        return true;
    }
    let held = |grant| exceptions.iter().any(|one| one.means(requester) == Some(grant));
    match requester {
        Requester::Account { identity, session, .. } => {
            held(Grant::Account)
                && (identity.ends_with(":root") || held(Grant::Identity))
                && (session.is_none() || held(Grant::Session))
        }
        Requester::Federated(_) | Requester::Service(_) => held(Grant::Identity),
    }
}

/// The form of a user's or role's unique id.
fn is_unique_id(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    text.len() == 21 && (text.starts_with("AIDA") || text.starts_with("AROA")) && text.bytes().all(is_letter)
}

pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "arn:aws:iam::111122223333:user/team/ann";
    const ROLE: &str = "arn:aws:iam::111122223333:role/builder";
    const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/builder/one";

    #[test]
    fn principals_mean_accounts_identities_and_sessions() {
        let user = Requester::Account { account: "111122223333", identity: USER, session: None };
        let session = Requester::Account { account: "111122223333", identity: ROLE, session: Some(SESSION) };
        for (written, by_user, by_session) in [
            ("*", Some(Grant::Identity), Some(Grant::Identity)),
            ("111122223333", Some(Grant::Account), Some(Grant::Account)),
            ("arn:aws:iam::111122223333:root", Some(Grant::Account), Some(Grant::Account)),
            (USER, Some(Grant::Identity), None),
            (ROLE, None, Some(Grant::Identity)),
            (SESSION, None, Some(Grant::Session)),
            ("444455556666", None, None),
            ("AIDA0123456789ABCDEF0", None, None),
        ] {
            let principal = Principal::parse_aws(written).unwrap();
            assert_eq!(principal.means(&user), by_user, "{written}");
            assert_eq!(principal.means(&session), by_session, "{written}");
        }
        let everybody = Principal::Everybody;
        assert_eq!(everybody.means(&Requester::Federated("arn:aws:iam::111122223333:oidc-provider/x")), None);
    }

    #[test]
    fn what_is_no_principal_is_refused() {
        for written in [
            "",
            "1111",
            "arn:aws:iam::111122223333:user/*",
            "arn:aws:iam::111122223333:group/all",
            "arn:aws:iam::1:user/ann",
            "arn:aws:sts::111122223333:assumed-role/builder",
            "arn:aws:iam::*:root",
            "ann",
            "AIDA",
            "AKIA0123456789ABCDEF0",
        ] {
            assert!(Principal::parse_aws(written).is_err(), "{written}");
        }
    }

    #[test]
    fn an_exception_needs_the_account_too() {
        let user = Requester::Account { account: "111122223333", identity: USER, session: None };
        let session = Requester::Account { account: "111122223333", identity: ROLE, session: Some(SESSION) };
        let list = |written: &[&str]| -> Vec<_> {
            written.iter().map(|one| Principal::parse_aws(one).unwrap()).collect()
        };
        assert!(!is_excepted(&list(&[USER]), &user));
        assert!(is_excepted(&list(&[USER, "111122223333"]), &user));
        assert!(!is_excepted(&list(&[ROLE, "111122223333"]), &session));
        assert!(is_excepted(&list(&[ROLE, SESSION, "111122223333"]), &session));
    }
}
