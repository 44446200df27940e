//! Carries out the steps that change tags.

use crate::aws::{Aws, tagging};
use crate::engine::pipeline::tag_step::TagStep;
use crate::error::Result;

/// Carries out one step.
pub async fn execute(aws: &Aws, step: &TagStep) -> Result<()> {
    match step {
        TagStep::Remove { arn, keys } => tagging::untag(aws, arn, keys).await,
        TagStep::Set { arn, tags } => tagging::tag(aws, arn, tags).await,
    }
}
