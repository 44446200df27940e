//! The names of the kinds.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;

macro_rules! kinds {
    ($($kind:ident)+) => {
        /// The kinds that the engine knows, as words for metrics, logs and references.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum KindName {
            /// A Kubernetes namespace; only referred to.
            Namespace,
            /// A Secret that holds a login; only referred to.
            Secret,
            /// A ServiceAccount that a login is minted as; only referred to.
            ServiceAccount,
            /// The login of a ClusterRegistryCredential in one namespace; only referred to. Its key has the namespace, and the name of
            /// the ClusterRegistryCredential.
            Delivery,
            $(#[doc = concat!("`", stringify!($kind), "`.")] $kind,)+
        }

        impl KindName {
            /// The kinds of this operator's API.
            pub const OURS: &[Self] = &[$(Self::$kind),+];

            /// The kind as it stands in manifests.
            pub fn as_str(self) -> &'static str {
                match self {
                    Self::Namespace => "Namespace",
                    Self::Secret => "Secret",
                    Self::ServiceAccount => "ServiceAccount",
                    Self::Delivery => "Delivery",
                    $(Self::$kind => stringify!($kind),)+
                }
            }

            /// The CRD; `None` for what is not of this operator's API.
            pub fn crd(self) -> Option<CustomResourceDefinition> {
                match self {
                    Self::Namespace | Self::Secret | Self::ServiceAccount | Self::Delivery => None,
                    $(Self::$kind => Some(super::$kind::crd()),)+
                }
            }
        }
    };
}

// The one list of kinds, in the order in which their CRDs are written and applied: first those that the others stand on. The compiler asks for a cache, a controller and
// an answer of `release` for each, and a test for the rules in the chart.
kinds! { AwsAccount Domain Repository PackagePolicy RegistryCredential ClusterRegistryCredential }
