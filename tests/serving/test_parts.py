"""The parts of the server without a server: versions and leases, the queue, options, tensors."""

import asyncio
import os
import stat
import threading

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from keraszoo.core.errors import AddressTaken, InputError
from keraszoo.export.server import Limits
from keraszoo.export.server.command import serve_command
from keraszoo.export.server.models import Models, State
from keraszoo.export.server.selection import Policy, parse_labels
from keraszoo.export.server.work import Work
from keraszoo.export.wire import json_tensors, protos
from keraszoo.export.wire.status import Code, Refused


class Loaded:
    """Stands for a loaded version; versions with a file `broken` cannot be loaded."""

    warm_ups = 0

    def __init__(self, name, number, directory, allow_unverified):
        if (directory / "broken").exists():
            raise Refused(Code.DATA_LOSS, "broken")
        self.name, self.number, self.closed = name, number, False

    def close(self):
        self.closed = True


def models_of(root, policy="latest:1"):
    return Models(root, Policy.parse(policy), say=lambda line: None, load=Loaded)


def add(root, *numbers, name="vae", broken=False):
    for number in numbers:
        (root / name / str(number)).mkdir(parents=True)
        if broken:
            (root / name / str(number) / "broken").touch()


def refusal(function, *arguments):
    with pytest.raises(Refused) as error:
        function(*arguments)
    return error.value


# ---------------------------------------------------------------------- versions


@pytest.mark.parametrize(
    ("policy", "answering"),
    [("latest:1", [5]), ("latest", [5]), ("latest:2", [3, 5]), ("all", [1, 3, 5]), ("3,1", [1, 3]), ("7,5", [5])],
)
def test_policy_chooses_versions(tmp_path, policy, answering):
    add(tmp_path, 1, 3, 5)
    models = models_of(tmp_path, policy)
    models.poll()
    assert models.available() == {"vae": answering}


def test_a_new_version_takes_over_and_a_removed_one_gives_back(tmp_path):
    add(tmp_path, 1)
    models = models_of(tmp_path)
    models.poll()
    add(tmp_path, 2)
    models.poll()
    assert [(number, state) for number, state, _ in models.status("vae")] == [(2, State.AVAILABLE), (1, State.END)]
    os.rmdir(tmp_path / "vae" / "2")
    models.poll()
    assert models.available() == {"vae": [1]}
    os.rmdir(tmp_path / "vae" / "1")
    models.poll()
    assert models.available() == {}


def test_what_cannot_be_read_at_the_moment_is_served_on(tmp_path):
    root = tmp_path / "served"
    add(root, 1)
    add(root, 1, name="gan")
    models = models_of(root)
    models.poll()
    os.rename(root, tmp_path / "away")
    models.poll()
    assert models.available() == {"gan": [1], "vae": [1]}
    os.rename(tmp_path / "away", root)
    os.rename(root / "gan", root / ".gan")  # this is a decision
    models.poll()
    assert models.available() == {"vae": [1]}


def test_a_lease_keeps_a_version_open(tmp_path):
    add(tmp_path, 1)
    models = models_of(tmp_path)
    models.poll()
    with models.lease("vae") as old:
        add(tmp_path, 2)
        models.poll()
        with models.lease("vae") as new:
            assert new.number == 2 and not old.closed
        assert [state for _, state, _ in models.status("vae")] == [State.AVAILABLE, State.UNLOADING]
    assert old.closed and models.status("vae", 1) == [(1, State.END, None)]
    models.close()
    assert new.closed


def test_a_broken_version_leaves_the_old_one_and_is_tried_when_it_changes(tmp_path):
    add(tmp_path, 1)
    models = models_of(tmp_path)
    models.poll()
    add(tmp_path, 2, broken=True)
    for _ in range(2):
        models.poll()
        assert models.available() == {"vae": [1]}
    [(_, state, refused)] = models.status("vae", 2)
    assert state is State.END and refused.code is Code.DATA_LOSS
    os.remove(tmp_path / "vae" / "2" / "broken")
    models.poll()
    assert models.available() == {"vae": [2]}


def test_any_fault_of_a_version_is_its_own(tmp_path):
    def load(name, number, directory, allow_unverified):
        if number == 2:
            raise RuntimeError(f"words about {directory}")
        return Loaded(name, number, directory, allow_unverified)

    add(tmp_path, 1, 2, 3)
    models = Models(tmp_path, Policy(), say=lambda line: None, load=load)
    models.poll()
    assert models.available() == {"vae": [1, 3]}
    assert models.status("vae", 2)[0][2].message == "RuntimeError"


def test_labels_are_of_versions_that_answer(tmp_path):
    add(tmp_path, 1, 2)
    models = models_of(tmp_path, "all")
    models.poll()
    models.set_labels({"vae": {"stable": 1}})
    with models.lease("vae", label="stable") as version:
        assert version.number == 1
    assert "version 3 of model vae" in refusal(models.set_labels, {"vae": {"stable": 3}}).message
    assert models.labels() == {"vae": {"stable": 1}}


def test_labels_on_disk_are_served_beside_the_newest(tmp_path):
    """What `keraszoo versions` writes; a label that is set counts more."""
    add(tmp_path, 1, 2, 3)
    (tmp_path / "vae" / "labels.json").write_text('{"stable": 1, "gone": 7}')
    models = models_of(tmp_path)
    models.poll()
    assert models.available() == {"vae": [1, 3]}
    with models.lease("vae", label="stable") as version:
        assert version.number == 1
    with pytest.raises(Refused, match="Specific"), models.lease("vae", label="gone"):
        pass
    models.set_labels({"vae": {"stable": 3}})
    assert models.labels()["vae"]["stable"] == 3
    (tmp_path / "vae" / "labels.json").write_text('{"old": 2}')
    models.poll()
    assert models.available() == {"vae": [2, 3]}
    (tmp_path / "vae" / "labels.json").write_text("no JSON")
    models.poll()
    assert models.available() == {"vae": [2, 3]}


def test_only_what_is_configured_is_served(tmp_path):
    add(tmp_path, 1, 2)
    add(tmp_path, 1, name="gan")
    models = models_of(tmp_path)
    models.poll()
    models.configure({"vae": Policy(numbers=(1,))}, {"vae": {"old": 1}})
    assert models.available() == {"vae": [1]} and models.labels() == {"vae": {"old": 1}}
    add(tmp_path, 1, name="flow")
    models.poll()
    assert models.available() == {"vae": [1]}
    assert refusal(models.configure, {"nope": Policy()}, {}).code is Code.NOT_FOUND


def test_hidden_folders_and_other_names_are_no_versions(tmp_path):
    add(tmp_path, 1, name=".draft-x")
    for name in ("01", "-1", "1.5", "latest", ".draft-2"):
        (tmp_path / "vae" / name).mkdir(parents=True)
    (tmp_path / "vae" / "7").touch()
    models = models_of(tmp_path, "all")
    models.poll()
    assert models.available() == {}


# ---------------------------------------------------------------------- the queue


def test_a_place_is_free_only_when_its_work_has_ended():
    async def main():
        work = Work(Limits(running=1, waiting=1, seconds=60))
        go, started = threading.Event(), threading.Event()

        def wait():
            started.set()
            return go.wait()

        running = asyncio.create_task(work.run(wait))
        while not started.is_set():
            await asyncio.sleep(0)
        with pytest.raises(Refused, match="Not answered within 0.01 s"):  # the one that waits gives its place back
            await work.run(wait, seconds=0.01)
        waiting = asyncio.create_task(work.run(lambda: "answered"))
        await asyncio.sleep(0)
        with pytest.raises(Refused) as error:
            await work.run(lambda: None)
        assert error.value.http == 503
        running.cancel()  # a client that has gone does not end TensorFlow's work
        await asyncio.sleep(0)
        with pytest.raises(Refused, match="try again later"):
            await work.run(lambda: None)
        go.set()
        assert await waiting == "answered"
        assert await work.run(lambda: "again") == "again"
        work.close()

    asyncio.run(main())


def test_faults_of_the_server_are_not_told_to_clients(caplog):
    async def main():
        work = Work(Limits())
        with pytest.raises(Refused) as error:
            await work.run(lambda: {}["a secret"])
        work.close()
        return error.value

    refused = asyncio.run(main())
    assert refused.http == 500 and "secret" not in refused.message and "a secret" in caplog.text


# ---------------------------------------------------------------------- tensors

DTYPES = ["float16", "float32", "float64", "complex64", "complex128", "bool"]
DTYPES += ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (2, 3), (0, 3)], ids=str)
def test_protos_hold_what_tensorflows_do(dtype, shape):
    array = (np.random.default_rng(0).random(shape) * 50).astype(dtype)
    for proto in (protos.to_proto(array), tf.make_tensor_proto(array)):
        for back in (protos.to_array("x", proto), tf.make_ndarray(proto)):
            assert back.dtype == array.dtype and back.shape == array.shape and back.tobytes() == array.tobytes()


def test_protos_repeat_their_last_value():
    assert protos.to_array("x", tf.make_tensor_proto(np.float32(3), shape=[2, 2])).tolist() == [[3, 3], [3, 3]]
    proto = tf.make_tensor_proto(b"a", shape=[2])
    assert protos.to_array("x", proto).tolist() == [b"a", b"a"]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint8", "int64", "uint64", "bool", "string"])
def test_both_ways_through_json_agree(dtype):
    """What NumPy converts at once is what the walk over single elements makes of it."""
    generator = np.random.default_rng(1)
    pools = {"bool": [True, False], "string": ["a", "ü"], "float32": [1, -0.0, 1e39, 1 / 3, 2**53 + 1]}
    pool = pools.get(dtype, [0, 1, 255] if dtype[0] in "iu" else pools["float32"])
    for shape in [(), (0,), (3,), (2, 0), (2, 3, 2)]:
        value = np.array([pool[i] for i in generator.integers(len(pool), size=int(np.prod(shape)))], object)
        value = value.reshape(shape).tolist()
        quick, slow = json_tensors._regular(value, dtype), json_tensors._walked(value, dtype)
        assert quick is not None and quick.dtype == slow.dtype and quick.shape == slow.shape
        assert quick.tolist() == slow.tolist()


# ---------------------------------------------------------------------- the command


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{root}/nothing"], "A directory of models is needed"),
        (["{root}/vae"], r"a model; try \S+root"),
        (["{root}/vae/1"], r"a version; try \S+root"),
        (["{root}", "--versions", "newest"], "latest:N, all, or numbers such as 3 or 3,5. Received: 'newest'"),
        (["{root}", "--versions", "0"], "latest:N, all"),
        (["{root}", "--label", "vae=stable"], "MODEL:LABEL=VERSION, such as vae:stable=3. Received: 'vae=stable'"),
        (["{root}", "--rest-port", "0", "--grpc-port", "0"], "There is nothing in .* that can be served"),
        (["{root}", "--host", "no.such.host.invalid"], "--host is an address of this machine"),
        (["{root}", "--backend", "tensorflow_model_server"], "tensorflow_model_server is not on PATH"),
    ],
)
def test_mistakes_are_one_line(tmp_path, monkeypatch, capsys, arguments, words):
    root = tmp_path / "root"
    add(root, 1)
    (root / "vae" / "1" / "saved_model.pb").write_bytes(b"no graph")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match=words) as error:
        serve_command([argument.format(root=root) for argument in arguments])
    assert "\n" not in str(error.value)


def test_a_taken_port_is_told(tmp_path):
    import socket

    add(tmp_path, 1)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(AddressTaken, match="Cannot listen on 127.0.0.1:"):
            serve_command([str(tmp_path), "--backend", "embedded", "--rest-port", str(other.getsockname()[1])])


def test_labels_and_policies_are_read():
    assert parse_labels(["vae:stable=3", "vae:canary=4", "gan:stable=1"]) == {
        "vae": {"stable": 3, "canary": 4},
        "gan": {"stable": 1},
    }
    assert [str(Policy.parse(text)) for text in ("all", "latest", "latest:3", "3,5")] == [
        "all",
        "latest:1",
        "latest:3",
        "3,5",
    ]


def test_tensorflow_model_server_is_used_where_it_is_on_path(tmp_path, monkeypatch, capfd):
    """A stand-in for the binary that copies what it is given."""
    binary, copied = tmp_path / "bin" / "tensorflow_model_server", tmp_path / "copied"
    binary.parent.mkdir()
    binary.write_text(f'#!/bin/sh\nfor a in "$@"; do echo "arg $a"; done\ncp ${{3#*=}} {copied}\nexit 3\n')
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{binary.parent}:{os.environ['PATH']}")
    root = tmp_path / "root"
    add(root, 1, 2, 3)
    ports = ["--rest-port", "0", "--grpc-port", "9123"]
    options = ["--versions", "2,3", "--label", "vae:stable=2", "--allow-unverified"]
    assert serve_command([str(root), *ports, *options]) == 3
    out = capfd.readouterr().out
    assert "Server: tensorflow_model_server, which is on PATH" in out and "arg --port=9123" in out
    assert "docker run --rm -p 127.0.0.1:8500:8500" in out
    config = text_format.Parse(copied.read_text(), model_server_config_pb2.ModelServerConfig())
    [entry] = config.model_config_list.config
    assert entry.name == "vae" and entry.base_path == str(root / "vae") and entry.version_labels == {"stable": 2}
    assert list(entry.model_version_policy.specific.versions) == [2, 3]
    with pytest.raises(InputError, match="manifest.json is missing"):
        serve_command([str(root)])
