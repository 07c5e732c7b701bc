#!/usr/bin/env bash
# A Slurm cluster of one node on this machine, to try the profile beside it. As root, on Debian.
#
#   profiles/slurm/one_node.sh start    install what is missing (slurm-wlm, munge), start, show it
#   profiles/slurm/one_node.sh stop     cancel all jobs, stop the daemons, remove /etc/slurm/*.conf
#   profiles/slurm/one_node.sh status   what runs
#
# Loopback only, no systemd, no cgroups, no accounting database. One stand-in GPU, so that jobs that
# ask for one are scheduled; nothing can be computed on it. State: $CLUSTER (default: /tmp/one_node).
# Stop it afterwards: while /etc/slurm names a controller that does not answer, every start of
# snakemake waits about ten seconds for it.
set -euo pipefail

CLUSTER=${CLUSTER:-${TMPDIR:-/tmp}/one_node}
NODE=$(hostname -s)
CONF=/etc/slurm  # the place that Slurm was compiled with: Snakemake's plugin hands on no SLURM_CONF

install_packages() {
    if command -v slurmctld slurmd munged >/dev/null; then return; fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends slurm-wlm munge >/dev/null
}

write_settings() {
    mkdir -p "$CLUSTER"/{state,spool,munge}
    chmod 755 "$CLUSTER" "$CLUSTER/munge"
    [ -s "$CLUSTER/munge/key" ] || (umask 077 && head -c 1024 /dev/urandom >"$CLUSTER/munge/key")
    [ -e "$CLUSTER/gpu0" ] || mknod "$CLUSTER/gpu0" c 1 3 # a second /dev/null
    echo "NodeName=$NODE Name=gpu File=$CLUSTER/gpu0" >"$CLUSTER/gres.conf"
    local memory
    memory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.8)}' /proc/meminfo)
    cat >"$CLUSTER/slurm.conf" <<SETTINGS
ClusterName=onenode
SlurmctldHost=$NODE(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$CLUSTER/munge/socket
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation=$CLUSTER/state
SlurmdSpoolDir=$CLUSTER/spool
SlurmctldPidFile=$CLUSTER/slurmctld.pid
SlurmdPidFile=$CLUSTER/slurmd.pid
SlurmctldLogFile=$CLUSTER/slurmctld.log
SlurmdLogFile=$CLUSTER/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
# how long squeue goes on to list a job that has ended: Snakemake learns from it how it ended
MinJobAge=600
SchedulerParameters=bf_interval=2,sched_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
NodeName=$NODE NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$memory Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes=$NODE Default=YES MaxTime=INFINITE State=UP
SETTINGS
}

link_settings() {
    mkdir -p "$CONF"
    local name
    for name in slurm.conf gres.conf; do
        if [ -e "$CONF/$name" ] && [ ! -L "$CONF/$name" ]; then
            echo "error: $CONF/$name is there already (this machine belongs to a cluster?)" >&2
            exit 1
        fi
    done
    for name in slurm.conf gres.conf; do ln -sfn "$CLUSTER/$name" "$CONF/$name"; done
}

is_running() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }

wait_for() { # wait_for "what" command...: up to twenty seconds
    local what=$1 _
    shift
    for _ in $(seq 100); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.2
    done
    echo "error: $what did not come up (see $CLUSTER/*.log)" >&2
    exit 1
}

controller_answers() { scontrol ping | grep -q UP; }
node_is_idle() { [ "$(sinfo -h -o %T)" = idle ]; }

start() {
    install_packages
    write_settings
    link_settings
    is_running "$CLUSTER/munge/pid" || munged --force --socket="$CLUSTER/munge/socket" \
        --key-file="$CLUSTER/munge/key" --pid-file="$CLUSTER/munge/pid" \
        --log-file="$CLUSTER/munged.log" --seed-file="$CLUSTER/munge/seed"
    is_running "$CLUSTER/slurmctld.pid" || slurmctld
    wait_for "the controller" controller_answers
    is_running "$CLUSTER/slurmd.pid" || slurmd
    wait_for "the node" node_is_idle
    sinfo -o "%P %a %D %T %c %m %G"
}

stop() {
    if [ -L "$CONF/slurm.conf" ] && is_running "$CLUSTER/slurmctld.pid"; then
        scancel --user=root || true
    fi
    local name
    for name in slurmd.pid slurmctld.pid munge/pid; do
        if is_running "$CLUSTER/$name"; then kill "$(cat "$CLUSTER/$name")"; fi
    done
    for name in slurm.conf gres.conf; do
        if [ -L "$CONF/$name" ]; then rm -f "$CONF/$name"; fi
    done
}

case "${1:-}" in
start) start ;;
stop) stop ;;
status) scontrol ping && sinfo -N -l && squeue ;;
*) sed -n '2,/^set /{/^#/p}' "$0" && exit 2 ;;
esac
