//! Kubernetes operator for AWS CodeArtifact.
