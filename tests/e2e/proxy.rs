//! `HTTPS_PROXY` and `NO_PROXY` hold for AWS, and the API server is asked directly.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, ensure};
use harness::wait::PATIENCE;
use harness::{Emulator, Install, Options, own, wait_for};
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

fn account(name: &str, host: &str) -> String {
    json!({
        "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "AwsAccount", "metadata": {"name": name},
        "spec": {
            "accountId": "123456789012", "region": "us-east-1",
            "endpoints": {"codeartifact": format!("https://{host}"), "sts": format!("https://{host}")},
            "credentials": {"secretRef": {"namespace": "codeartifact-operator", "name": "aws"}},
        },
    })
    .to_string()
}

#[tokio::test]
async fn the_proxy_of_the_environment_leads_to_aws_and_not_to_the_api_server() -> Result<()> {
    let cluster = own(Options::default()).await?;
    let emulator = Emulator::start().await?;
    let (proxy, direct) = (Server::start().await?, Server::start().await?);
    let install = Install::into(&cluster, &emulator)
        .account(&json!([]))
        .env("HTTPS_PROXY", &format!("http://{}", proxy.address))
        .env("NO_PROXY", "127.0.0.1")
        .start()
        .await?;
    install.operator.ready().await?;
    // Its addresses begin with http, which HTTPS_PROXY does not speak of.
    install.ready("AwsAccount", "", "default").await?;

    // Nobody resolves this name here: the proxy is asked to.
    install.apply(&account("proxied", "aws.proxied.test")).await?;
    install.apply(&account("direct", &direct.address)).await?;
    let waited = wait_for("both are asked for", PATIENCE, async || {
        let (proxied, directly) = (proxy.lines(), direct.lines());
        ensure!(
            proxied.iter().any(|line| line.starts_with("CONNECT aws.proxied.test:443 "))
                && !directly.is_empty(),
            "the proxy saw {proxied:?}, the server {directly:?}"
        );
        Ok(())
    });
    install.explain(waited.await)?;
    let others: Vec<_> =
        proxy.lines().into_iter().filter(|line| !line.contains("aws.proxied.test:443")).collect();
    ensure!(others.is_empty(), "the proxy was asked for {others:?}, too");
    Ok(())
}
