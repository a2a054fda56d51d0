#!/usr/bin/env bash
# Tells Spark the GPUs of this host: prints {"name": "gpu", "addresses": ["0", "1"]}. Where CUDA_VISIBLE_DEVICES is
# set, those are what it names, as indexes or UUIDs, since an executor sees no others.
set -euo pipefail
command -v nvidia-smi >/dev/null || {
  echo "nvidia-smi is not on the PATH: this host has no NVIDIA driver." >&2
  exit 1
}
visible=${CUDA_VISIBLE_DEVICES:-}
visible=${visible//[[:space:]]/}
if [[ -n $visible ]]; then
  [[ $visible =~ ^[A-Za-z0-9/,_-]+$ ]] || {
    echo "CUDA_VISIBLE_DEVICES is $visible; write indexes or UUIDs of GPUs, separated by commas." >&2
    exit 1
  }
  # CUDA leaves out all from the first one that is none, as -1.
  devices=$(tr ',' '\n' <<<"$visible" | sed '/^-/,$d')
else
  devices=$(nvidia-smi --query-gpu=index --format=csv,noheader)
fi
addresses=$(sed 's/[[:space:]]//g; /^$/d; s/.*/"&"/' <<<"$devices" | paste -sd, -)
echo "{\"name\": \"gpu\", \"addresses\": [$addresses]}"
