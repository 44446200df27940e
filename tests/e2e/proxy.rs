//! `HTTPS_PROXY` and `NO_PROXY` hold for AWS, and the API server is asked directly.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, ensure};
use harness::fixture::Setup;
use harness::wait::PATIENCE;
use harness::wait_for;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server on loopback that notes the first line of each connection and answers it with 503.
struct Server {
    address: String,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&lines);
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let mut head = vec![0; 4096];
                let length = connection.read(&mut head).await.unwrap_or_default();
                let text = String::from_utf8_lossy(&head[..length]).into_owned();
                let line = text.lines().next().unwrap_or_default().to_owned();
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                drop(
                    connection
                        .write_all(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")
                        .await,
                );
            }
        });
        Ok(Self { address, lines })
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[tokio::test]
async fn the_proxy_of_the_environment_leads_to_aws_and_not_to_the_api_server() -> Result<()> {
    let (proxy, direct) = (Server::start().await?, Server::start().await?);
    let fixture = Setup::own()
        .env("HTTPS_PROXY", &format!("http://{}", proxy.address))
        .env("NO_PROXY", "127.0.0.1")
        .start()
        .await?;
    // Its addresses begin with http, which HTTPS_PROXY does not speak of.
    fixture.ready("AwsAccount", "default").await?;

    // Nobody resolves this name here: the proxy is asked to.
    for (name, host) in [("proxied", "aws.proxied.test"), ("direct", &direct.address)] {
        let url = format!("https://{host}");
        fixture.make_account(name, json!({"endpoints": {"codeartifact": url, "sts": url}})).await?;
    }
    let waited = wait_for("both are asked for", PATIENCE, async || {
        let (proxied, directly) = (proxy.lines(), direct.lines());
        ensure!(
            proxied.iter().any(|line| line.starts_with("CONNECT aws.proxied.test:443 "))
                && !directly.is_empty(),
            "the proxy saw {proxied:?}, the server {directly:?}"
        );
        Ok(())
    });
    fixture.install.explain(waited.await)?;
    let others: Vec<_> =
        proxy.lines().into_iter().filter(|line| !line.contains("aws.proxied.test:443")).collect();
    ensure!(others.is_empty(), "the proxy was asked for {others:?}, too");
    Ok(())
}
