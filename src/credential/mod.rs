//! RegistryCredential: a Secret that always holds a valid login.

pub mod render;
pub mod schedule;
