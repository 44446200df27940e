#!/usr/bin/env bash
# PID 1 of the private namespaces in which a node runs: `init.sh FOLDER COMMAND…` makes mounts and a network that nobody outside
# sees, and runs the command. When the command has ended, the kernel ends every other process of the namespaces.
set -euo pipefail
folder=$1
shift

mount --make-rprivate /
mount --make-rshared / # kubelet's mounts must reach containers
mkdir -p "$folder"/var/{lib,log,tmp} "$folder/sysctl"
mount -t tmpfs tmpfs /run
mount --bind "$folder/var" /var # containerd, kubelet and CNI write here

# kubelet sets these four for the whole machine: files of our own take the writes.
for pair in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1; do
  file="$folder/sysctl/$(tr / _ <<<"${pair%=*}")"
  echo "${pair#*=}" >"$file"
  mount --bind "$file" "/proc/sys/${pair%=*}"
done

ip link set lo up
ip address add 10.96.0.1/32 dev lo # the Service `kubernetes`: the API server itself listens there
ip link add node0 type bridge
ip address add 198.18.0.1/24 dev node0 # the node
ip link set node0 up
ip route add default dev node0
hostname node

"$@" &
command=$!
trap 'kill -TERM "$command" 2>/dev/null || true' TERM INT
# A signal ends `wait` early. Bash reaps what containers leave behind.
while kill -0 "$command" 2>/dev/null; do
  wait "$command" && status=0 || status=$?
done
exit "${status:-1}"
