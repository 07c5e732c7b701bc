#!/usr/bin/env bash
# submit.sh CORES MEMORY_MB MINUTES GPUS SCRIPT: start SCRIPT as a Kubernetes job, print its name.
# Called by snakemake; the settings are those named in config.yaml.
set -euo pipefail

cores=$1 memory_mb=$2 minutes=$3 gpus=$4 script=$5
: "${JTFS_IMAGE:?error: JTFS_IMAGE is not set (the image of the Dockerfile; see config.yaml)}"
: "${JTFS_CLAIM:?error: JTFS_CLAIM is not set (the ReadWriteMany volume claim; see config.yaml)}"
: "${JTFS_MOUNT:?error: JTFS_MOUNT is not set (where the volume is mounted; see config.yaml)}"

# a GPU is asked for by its limit: Kubernetes takes no request without one
gpu_limit=""
if [ "$gpus" -gt 0 ]; then gpu_limit=", \"${JTFS_GPU:-nvidia.com/gpu}\": \"$gpus\""; fi

kubectl create --namespace "${JTFS_NAMESPACE:-default}" --output name --filename - <<JOB
{
  "apiVersion": "batch/v1",
  "kind": "Job",
  "metadata": {"generateName": "jtfs-", "labels": {"app": "jtfs-repro"}},
  "spec": {
    "backoffLimit": 0,
    "ttlSecondsAfterFinished": 86400,
    "template": {
      "spec": {
        "restartPolicy": "Never",
        "activeDeadlineSeconds": $((minutes * 60)),
        "containers": [
          {
            "name": "job",
            "image": "$JTFS_IMAGE",
            "command": ["/bin/sh", "$script"],
            "workingDir": "$PWD",
            "resources": {
              "requests": {"cpu": "$cores", "memory": "${memory_mb}M"},
              "limits": {"memory": "${memory_mb}M"$gpu_limit}
            },
            "volumeMounts": [{"name": "shared", "mountPath": "$JTFS_MOUNT"}]
          }
        ],
        "volumes": [
          {"name": "shared", "persistentVolumeClaim": {"claimName": "$JTFS_CLAIM"}}
        ]
      }
    }
  }
}
JOB
