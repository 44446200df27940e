//! The SDK calls about tags, which all taggable resources share.

use aws_sdk_codeartifact::types::Tag;

use super::{Aws, AwsErrorKind, Named};
use crate::api::Tags;
use crate::error::{Error, Result};

/// All tags of a resource.
pub async fn list(aws: &Aws, arn: &str) -> Result<Tags> {
    let call = aws.reads().await.list_tags_for_resource().resource_arn(arn);
    let output = call.send().await.named("ListTagsForResource")?;
    Ok(output.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}

/// What is said where tags are not known.
pub const DENIED: &str =
    "Its tags are not compared: this identity has no permission for codeartifact:ListTagsForResource";

/// All tags of a resource; `None` when they are `optional` and AWS denies them.
pub async fn list_if_allowed(aws: &Aws, arn: &str, optional: bool) -> Result<Option<Tags>> {
    match list(aws, arn).await {
        Err(Error::Aws(error)) if optional && error.kind == AwsErrorKind::Denied => Ok(None),
        tags => tags.map(Some),
    }
}

/// Sets tags; others stay.
pub async fn tag(aws: &Aws, arn: &str, tags: &Tags) -> Result<()> {
    let call = aws.writes().await.tag_resource().resource_arn(arn).set_tags(Some(to_aws(tags)?));
    call.send().await.named("TagResource")?;
    Ok(())
}

/// Removes tags; keys that are not there are no error.
pub async fn untag(aws: &Aws, arn: &str, keys: &[String]) -> Result<()> {
    let call = aws.writes().await.untag_resource().resource_arn(arn).set_tag_keys(Some(keys.to_vec()));
    call.send().await.named("UntagResource")?;
    Ok(())
}

/// Tags as the SDK takes them.
pub fn to_aws(tags: &Tags) -> Result<Vec<Tag>> {
    let built = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    built.collect::<Result<_, _>>().map_err(|error| Error::Internal(error.to_string()))
}
