//! A field that a state carries and that is ignored when two states are compared. Pure.

/// A part of a state that is never drift: two of them are always equal.
///
/// For what the plan needs and AWS decides (an ARN), and for what AWS takes at creation only (a key, whose alias comes back as
/// an ARN).
#[derive(Clone, Debug, Default)]
pub struct NotCompared<T>(pub T);

impl<T> PartialEq for NotCompared<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for NotCompared<T> {}
