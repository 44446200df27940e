//! Why a Secret is not written, in words. Pure.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::core::Status;

use crate::api::{ALLOW_TAKEOVER, SecretAdoption};
use crate::credential::record::{Foreign, SecretRecord};
use crate::credential::secret::{Verdict, Wanted};
use crate::error::{Error, Result};
use crate::reason::Reason;

/// An error when the verdict is that nothing may be written.
pub(super) fn refusal(verdict: Verdict, seen: Option<&SecretRecord>, wanted: &Wanted) -> Result<()> {
    let name = &wanted.name;
    match verdict {
        Verdict::Nothing | Verdict::Create | Verdict::Apply | Verdict::TakeOver | Verdict::Inherited => {
            Ok(())
        }
        Verdict::Leaving => Err(Error::waiting(
            Reason::SecretDeleting,
            format!(
                "Secret {name} is being deleted and something, such as a finalizer, keeps it; the login is written again when the Secret is gone"
            ),
        )),
        Verdict::Refuse => Err(Error::stalled(Reason::SecretNotOurs, refused(seen, wanted))),
    }
}

/// The Secret belongs to an object of the same name that is newer than the one that was reconciled.
pub(super) fn not_current(owner: &OwnerReference) -> Error {
    Error::waiting(
        Reason::Progressing,
        format!(
            "{} {} was deleted or made again, and this reconcile saw the earlier one",
            owner.kind, owner.name
        ),
    )
}

/// Whose the Secret is, and what can be done.
fn refused(seen: Option<&SecretRecord>, wanted: &Wanted) -> String {
    let Wanted { name, owner, .. } = wanted;
    let controller = seen.and_then(|seen| seen.controller.as_ref());
    if let Some((controller, kind)) =
        controller.and_then(|controller| Some((controller, controller.credential?)))
    {
        return format!(
            "Secret {name} belongs to {} {}; set another spec.secret.name",
            kind.as_str(),
            controller.name
        );
    }
    let foreign = seen.and_then(|seen| seen.foreign.as_deref());
    if let Some(controller) = foreign.and_then(|foreign| foreign.controller.as_ref()) {
        return format!(
            "Secret {name} is controlled by {controller}; let that object go, or set another spec.secret.name"
        );
    }
    let consents = foreign.and_then(|foreign| foreign.allows.as_ref()) == Some(&owner.name);
    let allow = "set spec.secret.adoption to TakeOver".to_owned();
    let allow = (wanted.adoption == SecretAdoption::Never).then_some(allow);
    let consent = (!consents).then(|| format!("annotate the Secret with {ALLOW_TAKEOVER}={}", owner.name));
    let hand_over = allow.into_iter().chain(consent).collect::<Vec<_>>().join(" and ");
    format!(
        "Secret {name} is not controlled by this {}{}; to have the Secret taken over and its data replaced, {hand_over}; or \
         delete the Secret, or set another spec.secret.name",
        owner.kind,
        foreign.and_then(Foreign::last_written).unwrap_or_default()
    )
}

/// A Secret that its consent does not make changeable.
pub(super) fn unchangeable(wanted: &Wanted, has_other_type: bool) -> Error {
    let why = if has_other_type { "its type is not Opaque" } else { "it is immutable" };
    Error::stalled(
        Reason::SecretNotOurs,
        format!(
            "Secret {} cannot be taken over, because {why}; delete the Secret, or set another \
             spec.secret.name",
            wanted.name
        ),
    )
}

/// Whether the API server refuses to change the type of the Secret.
pub(super) fn has_other_type(status: &Status) -> bool {
    status.details.iter().flat_map(|details| &details.causes).any(|cause| cause.field == "type")
}

/// Whether somebody made it immutable, or remade it with another type: it can only be replaced. A policy's refusal names no field,
/// and what is too long or not legal would be refused of a new one too: then the old one, which works, must stay.
pub(super) fn cannot_be_changed(status: &Status) -> bool {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let fixed = causes.map(|cause| {
        matches!(
            (cause.field.as_str(), cause.reason.as_str()),
            ("immutable" | "data" | "type", "FieldValueForbidden") | ("type", "FieldValueInvalid")
        )
    });
    status.is_invalid() && fixed.reduce(|all, one| all && one) == Some(true)
}

#[cfg(test)]
mod tests;
