//! What to do to make packages as declared. Pure.

use std::fmt;

use super::state::PolicyState;
use crate::api::{OriginControls, PackageName};

/// One call to AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Set both origin controls of a package. AWS makes the package's record if there is none.
    Restrict {
        /// Which package.
        package: PackageName,
        /// Both controls: AWS takes them together.
        controls: OriginControls,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Restrict { package, controls: OriginControls { publish, upstream } } = self;
        write!(f, "set {package} to publish {publish:?}, upstream {upstream:?}")
    }
}

/// The writes that turn `have` into `want`: one for each package that differs. Nothing is ever taken back, so nothing wanted
/// is nothing to do.
pub fn plan(want: Option<&PolicyState>, have: Option<&PolicyState>) -> Vec<Step> {
    let current = |package| have.and_then(|have| have.packages.get(package).copied().flatten());
    let wanted = want.into_iter().flat_map(|want| &want.packages);
    wanted
        .filter_map(|(package, controls)| Some((package, (*controls)?)))
        .filter(|(package, controls)| current(*package) != Some(*controls))
        .map(|(package, controls)| Step::Restrict { package: package.clone(), controls })
        .collect()
}

/// Whether AWS shows the effect of a step.
pub fn shows(step: &Step, have: Option<&PolicyState>) -> bool {
    let Step::Restrict { package, controls } = step;
    have.and_then(|have| have.packages.get(package).copied().flatten()) == Some(*controls)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::PackageFormat;
    use crate::api::Permission::{Allow, Block};

    const OPEN: OriginControls = OriginControls { publish: Allow, upstream: Allow };
    const INTERNAL: OriginControls = OriginControls { publish: Allow, upstream: Block };

    fn pypi(name: &str) -> PackageName {
        PackageName { format: PackageFormat::Pypi, namespace: None, name: name.into() }
    }

    fn state(packages: &[(&str, Option<OriginControls>)]) -> PolicyState {
        let packages = packages.iter().map(|(name, controls)| (pypi(name), *controls)).collect();
        PolicyState { packages, ..PolicyState::default() }
    }

    fn restrict(name: &str, controls: OriginControls) -> Step {
        Step::Restrict { package: pypi(name), controls }
    }

    #[test]
    fn plans() {
        let internal = || state(&[("a", Some(INTERNAL))]);
        let table = [
            ("nothing wanted", None, Some(internal()), vec![]),
            ("nothing read yet", Some(internal()), None, vec![restrict("a", INTERNAL)]),
            (
                "a package that does not exist",
                Some(internal()),
                Some(state(&[("a", None)])),
                vec![restrict("a", INTERNAL)],
            ),
            (
                "one that is open",
                Some(internal()),
                Some(state(&[("a", Some(OPEN))])),
                vec![restrict("a", INTERNAL)],
            ),
            ("in sync", Some(internal()), Some(internal()), vec![]),
            (
                "only what differs is written",
                Some(state(&[("a", Some(INTERNAL)), ("b", Some(INTERNAL))])),
                Some(state(&[("a", Some(INTERNAL)), ("b", Some(OPEN))])),
                vec![restrict("b", INTERNAL)],
            ),
        ];
        for (sentence, want, have, steps) in table {
            assert_eq!(plan(want.as_ref(), have.as_ref()), steps, "{sentence}");
            for step in &steps {
                assert!(!shows(step, have.as_ref()) && shows(step, want.as_ref()), "{sentence}: {step}");
            }
        }
    }

    #[test]
    fn a_step_reads_as_part_of_a_sentence() {
        assert_eq!(restrict("a", INTERNAL).to_string(), "set pypi/a to publish Allow, upstream Block");
    }
}
