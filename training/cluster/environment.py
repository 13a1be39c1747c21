"""The cluster that the environment describes: TF_CONFIG or Slurm. Imports no TensorFlow."""

import dataclasses
import json
import os
import re

from keraszoo.core.errors import InputError, closest

_EXAMPLE = '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'
_TASKS = ("chief", "worker")  # in the order of the ranks


@dataclasses.dataclass(frozen=True)
class Cluster:
    """Who takes part in a training, and which of them this process is.

    Attributes:
        addresses: `{"chief": ("host:port",), "worker": ("host:port", ...)}`; the chief may be missing.
        task: "chief" or "worker".
        index: place of this process in `addresses[task]`.
    """

    addresses: dict
    task: str
    index: int

    @property
    def size(self):
        return sum(map(len, self.addresses.values()))

    @property
    def rank(self):
        """Place of this process among all: the chief first, then the workers."""
        return self.index + (len(self.addresses.get("chief", ())) if self.task == "worker" else 0)

    @property
    def address(self):
        return self.addresses[self.task][self.index]


def cluster_from_environment(environment=None):
    """The `Cluster` of TF_CONFIG (Kubernetes training operators, Vertex AI, `keraszoo launch`), else of Slurm.

    Args:
        environment: mapping of environment variables, by default those of the process.

    Raises:
        InputError: neither is there, or what is there cannot be a cluster of workers.
    """
    environment = os.environ if environment is None else environment
    if environment.get("TF_CONFIG"):
        return _from_tf_config(environment["TF_CONFIG"])
    if "SLURM_PROCID" in environment:
        return _from_slurm(environment)
    raise InputError(
        "--strategy multi_worker needs TF_CONFIG (Kubernetes training operators and Vertex AI set it) or a Slurm job "
        "step (srun). Received: neither. On one machine: keraszoo launch --workers 2 -- train RECIPE."
    )


def _from_tf_config(text):
    try:
        config = json.loads(text)
    except ValueError as error:
        raise InputError(f"TF_CONFIG must be JSON such as {_EXAMPLE}. {error}. Received: {_short(text)}.") from error
    for part in ("cluster", "task"):
        if not isinstance(config, dict) or not isinstance(config.get(part), dict) or not config[part]:
            raise InputError(f"TF_CONFIG has no {part}. It is JSON such as {_EXAMPLE}. Received: {_short(text)}.")
    cluster, task = config["cluster"], config["task"]
    _check_jobs(cluster)
    addresses = {job: tuple(cluster[job]) for job in _TASKS if job in cluster}
    everyone = [address for job in addresses.values() for address in job]
    if len(set(everyone)) < len(everyone):
        twice = next(address for address in everyone if everyone.count(address) > 1)
        raise InputError(f"Every process in TF_CONFIG needs an address of its own. Received: {twice!r} twice.")
    kind, index = task.get("type"), task.get("index", 0)
    if kind not in addresses:
        if kind == "evaluator":
            raise InputError("TF_CONFIG: training validates by itself and needs no evaluator. Received: evaluator.")
        raise InputError(f"TF_CONFIG: the task's type is not in its cluster. Received: {kind!r}. " + _known(addresses))
    if isinstance(index, str) and index.isdecimal():
        index = int(index)
    if isinstance(index, bool) or not isinstance(index, int):
        raise InputError(f"TF_CONFIG: the task's index must be an integer. Received: {index!r}.")
    last = len(addresses[kind]) - 1
    if not 0 <= index <= last:
        raise InputError(f"TF_CONFIG: the index of a {kind} must be from 0 to {last}. Received: {index}.")
    return Cluster(addresses, kind, index)


def _check_jobs(cluster):
    for job, addresses in cluster.items():
        if job == "ps":
            raise InputError("Keras 3 cannot train with parameter servers. Received: a TF_CONFIG with ps.")
        if "tpu" in job.lower():
            raise InputError(f"TPUs are untested and therefore refused. Received: a TF_CONFIG with {job}.")
        if job == "evaluator":
            continue  # named by some operators for everyone, though it takes no part
        if job not in _TASKS:
            raise InputError(f"TF_CONFIG: unknown job. Received: {job!r}. {closest(job, _TASKS)}")
        if not isinstance(addresses, list) or not addresses:
            raise InputError(f"TF_CONFIG: {job} must be a list of host:port. Received: {_short(addresses)}.")
        for address in addresses:
            host, _, port = address.rpartition(":") if isinstance(address, str) else ("", "", "")
            if not host or not port.isdecimal() or not 0 < int(port) < 65536:
                raise InputError(f"TF_CONFIG: addresses are written host:port. Received: {address!r} in {job}.")
    if len(cluster.get("chief", [])) > 1:
        raise InputError(f"TF_CONFIG: there is one chief. Received: {len(cluster['chief'])}.")


def _from_slurm(environment):
    """One worker per Slurm task, in the order of the ranks.

    TensorFlow's own SlurmClusterResolver is not used: it sorts the hosts by name (node10 before node9) though Slurm
    numbers the tasks in the order of the node list, and without GPUs it fails.
    """

    def read(name):
        if not environment.get(name):
            raise InputError(f"Slurm: {name} is not set. Start the training with srun, inside sbatch or salloc.")
        return environment[name]

    def integer(name):
        try:
            return int(read(name))
        except ValueError as error:
            raise InputError(f"Slurm: {name} must be an integer. Received: {environment[name]!r}.") from error

    rank, job = integer("SLURM_PROCID"), integer("SLURM_JOB_ID")
    hosts = expand_hosts(read("SLURM_STEP_NODELIST"))
    tasks = _expand_tasks(read("SLURM_STEP_TASKS_PER_NODE"))
    if len(hosts) != len(tasks):
        raise InputError(
            f"Slurm: SLURM_STEP_NODELIST names {len(hosts)} nodes and SLURM_STEP_TASKS_PER_NODE {len(tasks)}."
        )
    base = 12000 + 16 * (job % 1000)  # jobs that share a node do not meet
    addresses = tuple(f"{host}:{base + i}" for host, count in zip(hosts, tasks, strict=True) for i in range(count))
    if not 0 <= rank < len(addresses):
        raise InputError(f"Slurm: SLURM_PROCID must be from 0 to {len(addresses) - 1}. Received: {rank}.")
    own = environment.get("SLURMD_NODENAME")
    if own and addresses[rank].rpartition(":")[0] != own:
        raise InputError(
            f"Slurm: task {rank} should run on {addresses[rank].rpartition(':')[0]} but runs on {own}. "
            "Tasks must fill the nodes in order: srun --distribution=block."
        )
    return Cluster({"worker": addresses}, "worker", rank)


def expand_hosts(text):
    """`"node[09-11,3],login"` -> `["node09", "node10", "node11", "node3", "login"]`, Slurm's way to write hosts."""
    if not re.fullmatch(r"[^\[\],]+(\[[\d,\-]+\])?(,[^\[\],]+(\[[\d,\-]+\])?)*", text):
        raise InputError(f"Slurm: a node list is written name[1-3,7],other. Received: {text!r}.")
    hosts = []
    for name, numbers in re.findall(r"([^\[\],]+)(?:\[([\d,\-]+)\])?", text):
        if not numbers:
            hosts.append(name)
            continue
        for part in numbers.split(","):
            first, _, last = part.partition("-")
            hosts += [f"{name}{number:0{len(first)}d}" for number in range(int(first), int(last or first) + 1)]
    return hosts


def _expand_tasks(text):
    """`"2(x3),1"` -> `[2, 2, 2, 1]`."""
    tasks = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)(?:\(x(\d+)\))?", part)
        if not match:
            raise InputError(f"Slurm: SLURM_STEP_TASKS_PER_NODE is written 2(x3),1. Received: {text!r}.")
        tasks += [int(match[1])] * int(match[2] or 1)
    return tasks


def _known(addresses):
    return f"Known: {', '.join(addresses)}."


def _short(value):
    text = value if isinstance(value, str) else json.dumps(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")
