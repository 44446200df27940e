//! Keys that lie in a Secret.

use aws_credential_types::Credentials;
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use sha2::{Digest, Sha256};

use crate::api::SecretRef;
use crate::error::Error;
use crate::kubernetes::{KubeClient, kube_call};
use crate::reason::Reason;
use crate::sessions::failure::Failure;

/// Keys as they were read, and what tells whether they have changed.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) credentials: Credentials,
    pub(super) digest: [u8; 32],
}

/// Reads the keys through the Kubernetes API, under the names of AWS's own variables.
pub(super) async fn read(client: &KubeClient, reference: &SecretRef) -> Result<Keys, Failure> {
    let secrets = Api::<Secret>::namespaced(client.0.clone(), &reference.namespace);
    let secret =
        kube_call(secrets.get_opt(&reference.name)).await.map_err(|error| unreadable(error, reference))?;
    let secret = secret.ok_or_else(|| {
        Failure::sign_in(format!(
            "{} does not exist; create it with the keys AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or correct \
             spec.credentials.secretRef",
            named(reference)
        ))
    })?;
    let access_key = required(&secret, reference, "AWS_ACCESS_KEY_ID")?;
    let secret_key = required(&secret, reference, "AWS_SECRET_ACCESS_KEY")?;
    let session_token = value(&secret, "AWS_SESSION_TOKEN");
    let mut digest = Sha256::new();
    for part in [&access_key, &secret_key, session_token.as_deref().unwrap_or_default()] {
        digest.update(Sha256::digest(part));
    }
    Ok(Keys {
        credentials: Credentials::new(access_key, secret_key, session_token, None, "Secret"),
        digest: digest.finalize().into(),
    })
}

/// The Secret in words.
pub(super) fn named(reference: &SecretRef) -> String {
    format!("Secret {}/{}", reference.namespace, reference.name)
}

fn required(secret: &Secret, reference: &SecretRef, key: &str) -> Result<String, Failure> {
    value(secret, key).ok_or_else(|| {
        Failure::sign_in(format!(
            "{} has no key {key}; it needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            named(reference)
        ))
    })
}

/// The value without the white space that editors and `echo` leave at its end; nothing when it is empty.
fn value(secret: &Secret, key: &str) -> Option<String> {
    let bytes = &secret.data.as_ref()?.get(key)?.0;
    let text = std::str::from_utf8(bytes).ok()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn unreadable(error: Error, reference: &SecretRef) -> Failure {
    if error.reason() == Reason::KubernetesForbidden {
        return Failure::sign_in(format!(
            "the operator may not read {}; let its ServiceAccount `get` it with a Role and a RoleBinding there",
            named(reference)
        ));
    }
    Failure::Cluster { note: format!("{} cannot be read", named(reference)), error: error.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::ByteString;

    fn secret(pairs: &[(&str, &str)]) -> Secret {
        let data =
            pairs.iter().map(|(key, value)| ((*key).to_owned(), ByteString(value.as_bytes().to_vec())));
        Secret { data: Some(data.collect()), ..Secret::default() }
    }

    #[test]
    fn values_lose_the_white_space_around_them_and_empty_ones_do_not_count() {
        let secret = secret(&[("A", "key\n"), ("B", " \n")]);
        assert_eq!(value(&secret, "A").as_deref(), Some("key"));
        assert_eq!(value(&secret, "B"), None);
        assert_eq!(value(&secret, "C"), None);
    }

    #[test]
    fn a_secret_that_cannot_be_read_is_told_with_its_cause() {
        let reference = SecretRef { namespace: "aws".into(), name: "keys".into() };
        let refused = |code: u16, message: &str| {
            let status =
                kube::core::Status { code, message: message.into(), ..kube::core::Status::default() };
            Error::from(unreadable(kube::Error::Api(Box::new(status)).into(), &reference))
        };
        let forbidden = r#"secrets "keys" is forbidden: User "u" cannot get resource "secrets" in API group "" in the namespace "aws""#;
        let table = [
            (
                refused(403, forbidden),
                Reason::SignInFailed,
                "SignIn: the operator may not read Secret aws/keys; let its ServiceAccount `get` it with a Role and a RoleBinding there",
            ),
            (
                refused(500, "etcd is gone"),
                Reason::KubernetesUnavailable,
                "Secret aws/keys cannot be read: the Kubernetes API server failed: etcd is gone",
            ),
        ];
        for (error, reason, text) in table {
            assert_eq!((error.reason(), error.to_string().as_str()), (reason, text));
        }
    }

    #[test]
    fn a_missing_key_is_named_with_its_secret() {
        let reference = SecretRef { namespace: "aws".into(), name: "keys".into() };
        let failure = required(&secret(&[]), &reference, "AWS_ACCESS_KEY_ID").unwrap_err();
        let error = Error::from(failure);
        assert_eq!(error.reason(), crate::reason::Reason::SignInFailed);
        assert!(error.to_string().contains("Secret aws/keys has no key AWS_ACCESS_KEY_ID"), "{error}");
    }
}
