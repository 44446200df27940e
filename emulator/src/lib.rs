//! AWS CodeArtifact over HTTP on your own machine.
