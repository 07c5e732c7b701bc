#!/usr/bin/env bash
# status.sh NAME: print success, failed or running, as snakemake asks. A job that is gone has failed.
set -euo pipefail

conditions=$(kubectl get --namespace "${JTFS_NAMESPACE:-default}" --ignore-not-found "$1" \
    --output 'jsonpath=found {.status.conditions[?(@.status=="True")].type}') || {
    echo running # the server did not answer: ask again
    exit 0
}
case "$conditions" in
*Failed*) echo failed ;;
*Complete*) echo success ;;
found*) echo running ;;
*) echo failed ;;
esac
