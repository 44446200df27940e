//! Files of packages on another port, as S3 serves them to whom the service has sent there: at addresses that
//! are signed, need no token, and are good for a while.

mod answer;
mod bucket;
mod names;
mod presigned;
mod range;

pub(crate) use answer::answer;
pub(crate) use bucket::{Bucket, Download};
pub(crate) use names::{NAMES, SERVICE};
