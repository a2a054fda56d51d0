#!/usr/bin/env bash
# Tells Spark the GPUs of this host: prints {"name": "gpu", "addresses": ["0", "1"]}.
set -euo pipefail
command -v nvidia-smi >/dev/null || {
  echo "nvidia-smi is not on the PATH: this host has no NVIDIA driver." >&2
  exit 1
}
indexes=$(nvidia-smi --query-gpu=index --format=csv,noheader)
addresses=$(sed 's/[[:space:]]//g; s/.*/"&"/' <<<"$indexes" | paste -sd, -)
echo "{\"name\": \"gpu\", \"addresses\": [$addresses]}"
