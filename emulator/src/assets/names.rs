//! What requests to the port of assets are called, in the journal and for faults.

use crate::call::Access;

/// The service.
pub(crate) const SERVICE: &str = "s3";

pub(super) const GET: (&str, Access) = ("GetObject", Access::Read);
pub(super) const HEAD: (&str, Access) = ("HeadObject", Access::Read);

/// The operations.
pub(crate) const NAMES: [(&str, Access); 2] = [GET, HEAD];
