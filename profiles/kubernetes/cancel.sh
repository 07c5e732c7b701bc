#!/usr/bin/env bash
# cancel.sh NAME...: remove jobs and their pods.
set -euo pipefail

kubectl delete --namespace "${JTFS_NAMESPACE:-default}" --ignore-not-found --wait=false "$@"
