"""The manifests in docs/ are what they claim to be, as far as that can be seen without a cluster."""

import pathlib
import shutil
import subprocess

import pytest
import yaml

from keraszoo.__main__ import main
from keraszoo.training.cluster.environment import cluster_from_environment

DOCS = pathlib.Path(__file__).parents[2] / "docs"
SCRIPT = DOCS / "slurm.sh"

# {key: what it holds}, no key more and none less; [x] is a list of x
CONTAINER = {
    "name": str,
    "image": str,
    "command": [str],
    "args": [str],
    "ports": [{"name": str, "containerPort": int}],
    "resources": {"requests": {"cpu": str, "memory": str}, "limits": {"memory": str}},
    "volumeMounts": [{"name": str, "mountPath": str}],
}
REPLICAS = {
    "replicas": int,
    "restartPolicy": str,
    "template": {
        "spec": {
            "terminationGracePeriodSeconds": int,
            "containers": [CONTAINER],
            "volumes": [{"name": str, "persistentVolumeClaim": {"claimName": str}}],
        }
    },
}
TFJOB = {
    "apiVersion": str,
    "kind": str,
    "metadata": {"name": str},
    "spec": {
        "runPolicy": {"cleanPodPolicy": str, "backoffLimit": int},
        "tfReplicaSpecs": {"Worker": REPLICAS},
    },
}


def mismatches(value, schema, path="job"):
    """Where `value` differs from the schema: keys that are missing or unknown, values of another type."""
    if isinstance(schema, dict):
        if not isinstance(value, dict) or set(value) != set(schema):
            return [f"{path}: {value} instead of {sorted(schema)}"]
        return [problem for key in schema for problem in mismatches(value[key], schema[key], f"{path}.{key}")]
    if isinstance(schema, list):
        if not isinstance(value, list) or not value:
            return [f"{path}: {value} instead of a list"]
        return [problem for i, item in enumerate(value) for problem in mismatches(item, schema[0], f"{path}[{i}]")]
    return [] if type(value) is schema else [f"{path}: {value!r} instead of {schema.__name__}"]


@pytest.fixture(scope="module")
def job():
    return yaml.safe_load((DOCS / "kubernetes-tfjob.yaml").read_text())


def test_the_job_has_the_fields_of_a_tfjob(job):
    assert mismatches(job, TFJOB) == []
    assert (job["apiVersion"], job["kind"]) == ("kubeflow.org/v1", "TFJob")
    assert job["spec"]["runPolicy"]["cleanPodPolicy"] in ("All", "Running", "None")
    worker = job["spec"]["tfReplicaSpecs"]["Worker"]
    assert worker["restartPolicy"] in ("Always", "OnFailure", "Never", "ExitCode")
    pod = worker["template"]["spec"]
    (container,) = pod["containers"]
    assert container["name"] == "tensorflow" and container["ports"] == [{"name": "tfjob-port", "containerPort": 2222}]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_the_operators_tf_config_is_understood(job):
    """As the operator writes it: a service per worker, "environment", and the task's index as a number."""
    name, count = job["metadata"]["name"], job["spec"]["tfReplicaSpecs"]["Worker"]["replicas"]
    hosts = ", ".join(f'"{name}-worker-{i}.default.svc:2222"' for i in range(count))
    for index in range(count):
        text = (
            f'{{"cluster": {{"worker": [{hosts}]}}, "task": {{"type": "worker", "index": {index}}}, '
            '"environment": "cloud"}'
        )
        assert cluster_from_environment({"TF_CONFIG": text}).rank == index


def trains(words, monkeypatch, capsys):
    """Whether `keraszoo` accepts a command up to the point where it asks for a cluster."""
    for name in ("TF_CONFIG", "SLURM_PROCID"):
        monkeypatch.delenv(name, raising=False)
    assert words[:2] == ["keraszoo", "train"]
    assert main(words[1:]) == 2
    return "needs TF_CONFIG" in capsys.readouterr().err


def test_the_jobs_command_trains_and_resumes(job, tmp_path, monkeypatch, capsys):
    """Its shell runs with an echo in place of the program."""
    (container,) = job["spec"]["tfReplicaSpecs"]["Worker"]["template"]["spec"]["containers"]
    for exists in (False, True):
        runs = tmp_path / f"runs-{exists}"
        (runs / "vae").mkdir(parents=True)
        if exists:
            (runs / "vae" / "recipe.json").touch()
        (text,) = container["args"]
        text = text.replace("/runs", str(runs)).replace("exec keraszoo", "exec echo keraszoo")
        words = subprocess.run([*container["command"], text], capture_output=True, text=True, check=True).stdout.split()
        assert ("--resume" in words) == exists
        if not exists:
            assert trains(words, monkeypatch, capsys)


def test_the_slurm_script_is_sound_bash():
    subprocess.run(["bash", "-n", SCRIPT], check=True)


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_has_nothing_to_say():
    subprocess.run(["shellcheck", "--severity=style", SCRIPT], check=True)


def test_the_slurm_script_trains_and_resumes(tmp_path, monkeypatch, capsys):
    """It runs with an srun that prints what it would start."""
    (tmp_path / "srun").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "srun").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    command = [SCRIPT, "vae/digits", str(tmp_path / "run")]
    for exists in (False, True):
        if exists:
            (tmp_path / "run").mkdir()
            (tmp_path / "run" / "recipe.json").touch()
        finished = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        words = finished.stdout.split()
        assert "--distribution=block" in words and ("--resume" in words) == exists
        if not exists:
            assert trains(words[words.index("keraszoo") :], monkeypatch, capsys)
