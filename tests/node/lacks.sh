#!/usr/bin/env bash
# Prints what this machine lacks for a node, one line each, and nothing when a node can run here. Changes nothing.
set -uo pipefail
cd "$(dirname "$0")/../.."
readonly cgroups=/sys/fs/cgroup
readonly config=tests/harness/src/node/config.rs

mkdir -p target/scratch
# kubelet takes no Pod, and evicts those that run, when less is free where a node has its files and images.
free() { # free SIGNAL WHAT FIGURES: the share of SIGNAL that config.rs names, and the free and all the WHAT that df counts
  local least available all
  least=$(grep --only-matching --perl-regexp "\"$1\": \"\\K[0-9]+(?=%\")" "$config")
  read -r available all < <(df --output="$3" target/scratch | tail -n 1)
  if [[ $available =~ ^[0-9]+$ && $all =~ ^[1-9][0-9]*$ ]] && ((available * 100 < all * least)); then
    echo "disk: $available of $all $2 are free in $PWD/target/scratch, and kubelet evicts Pods below $least %"
  fi
}
free nodefs.available "blocks of 1 KiB" avail,size
free nodefs.inodesFree inodes iavail,itotal

if ((EUID != 0)); then
  echo "root: a node makes mounts, a network and control groups of its own"
  exit
fi
case $(pwd -P)/ in
  /var/* | /run/*) echo "another place for this clone: a node has a /var and a /run of its own, which hide $(pwd -P)" ;;
esac
# inside COMMAND: runs a shell command in namespaces like those of a node.
inside() { unshare --mount --net --pid --ipc --uts --fork --mount-proc -- bash -c "mount --make-rprivate / && $1" 2>&1; }

if ! said=$(inside true); then
  echo "namespaces: unshare says: $said"
  exit
fi
folder=$(mktemp --directory "$PWD/target/scratch/lacks.XXXXXX")
trap 'rm -rf "$folder"' EXIT
mkdir "$folder"/{lower,upper,work,merged}
said=$(inside "mount -t overlay overlay -o lowerdir=$folder/lower,upperdir=$folder/upper,workdir=$folder/work $folder/merged") ||
  echo "overlayfs, in which containers have their files: $said"
if type -P ip >/dev/null; then
  said=$(inside 'ip link add lacks0 type bridge') || echo "a network bridge, which joins the Pods: $said"
fi
if [[ -e $cgroups/cgroup.controllers ]]; then
  for controller in cpu memory pids; do
    grep --quiet --word-regexp "$controller" "$cgroups/cgroup.subtree_control" ||
      echo "the controller $controller in $cgroups/cgroup.subtree_control, by which Pods are limited"
  done
elif ! grep --quiet " $cgroups/memory cgroup " /proc/mounts; then
  echo "control groups of memory, by which Pods are limited, in $cgroups"
elif ! said=$(mkdir "$cgroups/memory/codeartifact-lacks" 2>&1 && rmdir "$cgroups/memory/codeartifact-lacks"); then
  echo "the right to make control groups, by which Pods are limited: $said"
fi
