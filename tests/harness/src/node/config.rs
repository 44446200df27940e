//! The configuration files of containerd, of its network and of kubelet. Pure.

use std::path::Path;

use serde_json::{Value, json};

use super::{ADDRESS, NAME};

/// The image of the container that holds a Pod's namespaces.
pub(super) const PAUSE: &str = "node.local/pause:1";

/// containerd's `config.toml`. `tools` holds runc and the network plugins, `network` the network's configuration, and
/// `hosts` how registries are reached.
pub(super) fn containerd(tools: &Path, network: &Path, hosts: &Path, socket: &str) -> String {
    let (tools, network, hosts) = (tools.display(), network.display(), hosts.display());
    format!(
        "version = 3
root = '/var/lib/containerd'
state = '/run/containerd'
imports = []
disabled_plugins = ['io.containerd.nri.v1.nri', 'io.containerd.snapshotter.v1.erofs', 'io.containerd.differ.v1.erofs']
[grpc]
  address = '{socket}'
[plugins.'io.containerd.internal.v1.opt']
  path = '/run/opt'
[plugins.'io.containerd.cri.v1.images']
  snapshotter = 'overlayfs'
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = '{PAUSE}'
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = '{hosts}'
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true # the machine may lack CAP_SYS_RESOURCE
  disable_apparmor = true
  [plugins.'io.containerd.cri.v1.runtime'.containerd]
    default_runtime_name = 'runc'
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
      runtime_type = 'io.containerd.runc.v2'
      [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
        BinaryName = '{tools}/runc'
        SystemdCgroup = false
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ['{tools}']
    conf_dir = '{network}'
"
    )
}

/// The network of Pods: one bridge, whose gateway is the node.
pub(super) fn network() -> Value {
    json!({"cniVersion": "1.0.0", "name": "pods", "plugins": [{
        "type": "bridge", "bridge": "pods0", "isGateway": true, "hairpinMode": true,
        "ipam": {"type": "host-local", "dataDir": "/run/cni", "ranges": [[{"subnet": "10.88.0.0/16"}]],
            "routes": [{"dst": "0.0.0.0/0"}]},
    }]})
}

/// What kubelet is told. `files` are those of the control plane's certificates.
pub(super) fn kubelet(files: &Kubelet<'_>) -> Value {
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "failCgroupV1": false, "cgroupDriver": "cgroupfs", "cgroupRoot": format!("/{}", files.cgroup),
        "containerRuntimeEndpoint": format!("unix://{}", files.socket),
        "address": ADDRESS.to_string(), "healthzPort": 0,
        "authentication": {"anonymous": {"enabled": false}, "webhook": {"enabled": true},
            "x509": {"clientCAFile": files.authority}},
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": files.certificate, "tlsPrivateKeyFile": files.key,
        "resolvConf": files.resolv_conf, "clusterDomain": "cluster.local", "clusterDNS": ["10.96.0.10"],
        // A container that has ended is started again after a second, however often.
        "crashLoopBackOff": {"maxContainerRestartPeriod": "1s"},
        "makeIPTablesUtilChains": false, "failSwapOn": false, "enforceNodeAllocatable": [],
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "nodefs.inodesFree": "1%",
            "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100, "imageGCLowThresholdPercent": 99,
        // A mounted Secret is read again after 1 to 1.5 times this.
        "nodeStatusUpdateFrequency": "5s", "syncFrequency": "5s",
        "configMapAndSecretChangeDetectionStrategy": "Watch",
        "volumePluginDir": "/var/lib/kubelet/volumeplugins",
        "providerID": format!("local://{NAME}"),
    })
}

/// The files and names that kubelet's configuration speaks of.
pub(super) struct Kubelet<'a> {
    pub(super) cgroup: &'a str,
    pub(super) socket: &'a str,
    pub(super) authority: &'a Path,
    pub(super) certificate: &'a Path,
    pub(super) key: &'a Path,
    pub(super) resolv_conf: &'a Path,
}
