//! `codeartifact-operator crds`: the definitions of the kinds.

use anyhow::Context as _;

use super::options::CrdOptions;
use super::{print, start};
use crate::manifests;
use crate::ops::Fence;

pub(super) async fn crds(options: CrdOptions) -> anyhow::Result<()> {
    if options.apply {
        let (client, server) = start::connect(options.server, Fence::default()).await?;
        let applied = manifests::apply(&client.0).await?;
        let done = format!("{applied} definitions are applied at {server}, and the API server serves them\n");
        return print(&mut std::io::stdout(), &done);
    }
    let files = manifests::crd_yaml()?;
    let Some(dir) = options.dir else {
        let documents: Vec<_> = files.iter().flat_map(|(_, text)| ["---\n", text]).collect();
        return print(&mut std::io::stdout(), &documents.concat());
    };
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    for (name, text) in files {
        let path = dir.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
