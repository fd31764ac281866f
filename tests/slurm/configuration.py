"""The configuration files of a Slurm cluster whose nodes all are this machine."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Sequence
from pathlib import Path

GPUS_PER_NODE = 2
CPUS_PER_NODE = 4

# Why the odd lines are there:
# - cred_expire: a requeued job waits for as long as its last credential lives; 120 s by default,
#   5 s at least.
# - DefMemPerCPU: a job that does not say what it needs takes all of a node's memory.
# - proctrack/linuxproc, task/none: need no control group, which not every machine lets us make.
# - batch_sched_delay, sched_interval, requeue_delay: a job should begin at once, not in a minute.
# - SlurmdTimeout: a dead node is noticed in seconds, not in five minutes; shorter, and a live one
#   on a busy machine seems dead.
# - config_overrides: the nodes have the processors and memory written here, whatever is there.
# - ReturnToService: a node that was down may work as soon as its slurmd is back.
# - KillWait: seconds between SIGTERM and SIGKILL of a task that is out of time.
SLURM_CONF = """\
ClusterName=lab
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/sock,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/pid/slurmctld.pid
SlurmdPidFile={folder}/pid/slurmd.%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=500
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,requeue_delay=1
GresTypes=gpu
ReturnToService=2
SlurmdTimeout=12
KillWait=2
JobRequeue=1
SlurmdParameters=config_overrides
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
NODE = (
    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} "
    "CPUs={cpus} CoresPerSocket={cpus} RealMemory=8000 Gres=gpu:{gpus} State=UNKNOWN"
)


def write(folder: Path, nodes: Sequence[str]) -> Path:
    """Writes slurm.conf and gres.conf into `folder`, which is empty; returns slurm.conf."""
    for name in ("munge", "state", "pid", "log", *(f"spool.{node}" for node in nodes)):
        (folder / name).mkdir(mode=0o755)
    for number in range(GPUS_PER_NODE):  # a Gres without a File makes a node invalid
        (folder / f"gpu{number}").symlink_to("/dev/null")
    (folder / "gres.conf").write_text(
        "AutoDetect=off\n"
        f"NodeName={','.join(nodes)} Name=gpu File={folder}/gpu[0-{GPUS_PER_NODE - 1}]\n"
    )
    host = socket.gethostname().split(".")[0]
    controller_port, *ports = _free_ports(len(nodes) + 1)
    lines = [
        NODE.format(name=name, host=host, port=port, cpus=CPUS_PER_NODE, gpus=GPUS_PER_NODE)
        for name, port in zip(nodes, ports, strict=True)
    ]
    conf = folder / "slurm.conf"
    conf.write_text(
        SLURM_CONF.format(
            host=host,
            controller_port=controller_port,
            user=user(),
            folder=folder,
            nodes="\n".join(lines),
        )
    )
    return conf


def user() -> str:
    """Whose the cluster is: whoever runs the tests."""
    return getpass.getuser()


def _free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on now: all held at once, so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [server.getsockname()[1] for server in sockets]
    finally:
        for server in sockets:
            server.close()
