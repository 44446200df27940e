//! Entry point.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    codeartifact_operator::cli::main().await
}
