#!/usr/bin/env bash
# A Slurm cluster of several nodes on this machine alone, to test job scripts: as root, in a folder of its own.
#
#   cluster.sh start DIR [NODES]   start it (3 nodes of one core); then: export SLURM_CONF=DIR/slurm.conf
#   cluster.sh stop DIR            stop its daemons and the processes of its jobs
#
# Debian's slurm-wlm and munge. Exit code 69: they are not installed, or this is not root. Its ports follow the process id.
set -euo pipefail

start() {
  local dir=$1 nodes=${2:-3} host port
  for program in munged slurmctld slurmd sbatch; do
    if ! command -v "$program" >/dev/null; then echo "there is no $program" >&2; exit 69; fi
  done
  if [[ $EUID -ne 0 ]]; then echo "the daemons need root" >&2; exit 69; fi
  mkdir -p "$dir/state"
  dir=$(cd "$dir" && pwd)
  host=$(hostname -s)
  port=$(( 20000 + $$ % 10000 * 4 ))
  cat > "$dir/slurm.conf" <<CONF
ClusterName=virnucpro
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool.%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=1
KillWait=5
JobCompType=jobcomp/filetxt
JobCompLoc=$dir/jobs.txt
SchedulerParameters=batch_sched_delay=0,sched_interval=2
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  local node
  for (( node = 1; node <= nodes; ++node )); do
    mkdir -p "$dir/spool.node$node"
    echo "NodeName=node$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$(( port + node )) CPUs=1 RealMemory=4000 State=UNKNOWN" >> "$dir/slurm.conf"
  done
  dd if=/dev/urandom of="$dir/munge.key" bs=1024 count=1 status=none
  chmod 600 "$dir/munge.key"
  munged --force --socket="$dir/munge.socket" --key-file="$dir/munge.key" --pid-file="$dir/munged.pid" \
    --log-file="$dir/munged.log" --seed-file="$dir/munged.seed"
  slurmctld -f "$dir/slurm.conf"
  for (( node = 1; node <= nodes; ++node )); do slurmd -f "$dir/slurm.conf" -N "node$node"; done
  export SLURM_CONF=$dir/slurm.conf
  local second
  for (( second = 0; second < 30; ++second )); do
    if [[ $(sinfo --noheader --format=%D --states=idle 2>/dev/null) == "$nodes" ]]; then return 0; fi
    sleep 1
  done
  echo "the nodes did not come up within 30 seconds; see $dir/slurmctld.log" >&2
  tail -n 20 "$dir/slurmctld.log" >&2
  stop "$dir"
  exit 1
}

stop() {
  local dir=$1 file pid
  export SLURM_CONF=$dir/slurm.conf
  scancel --user=root 2>/dev/null || true
  sleep 1
  for file in "$dir"/slurmd.*.pid "$dir"/slurmctld.pid "$dir"/munged.pid; do
    [[ -s $file ]] || continue
    pid=$(cat "$file")
    kill "$pid" 2>/dev/null || true
    for _ in {1..50}; do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -9 "$pid" 2>/dev/null || true
  done
}

case ${1:-} in
  start) [[ $# -ge 2 ]] && start "$2" "${3:-3}" ;;
  stop) [[ $# -eq 2 ]] && stop "$2" ;;
  *) sed -n '4,5s/^# *//p' "$0" >&2; exit 64 ;;
esac
