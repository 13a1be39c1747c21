"""Requests of several clients in one run: each is answered as if it were alone, faults and a full queue included."""

import asyncio
import concurrent.futures
import json
import os
import stat
import threading

import numpy as np
import pytest

from keraszoo.core.errors import InputError
from keraszoo.export import saved_model
from keraszoo.export.contents import batching, golden
from keraszoo.export.server import Limits, metrics, rest
from keraszoo.export.server.command import serve_command
from keraszoo.export.server.merging import Merger
from keraszoo.export.server.servable import Servable
from keraszoo.export.server.work import Work
from keraszoo.export.wire.status import Code, Refused, invalid


class Doubler:
    """Stands for a model: doubles rows, refuses a batch with a negative number, keeps what it was given."""

    def __init__(self):
        self.given = []

    def __call__(self, signature, inputs, outputs=None):
        self.given.append(inputs["x"].tolist())
        if (inputs["x"] < 0).any():
            raise invalid("a negative number")
        if signature == "mean":
            return {"y": inputs["x"].mean(keepdims=True)}
        return {"y": 2 * inputs["x"]}


def merger(run, rows=64, seconds=60.0, batches=100):
    return Merger(run, threading.BoundedSemaphore(2), batching.Parameters(rows, seconds, batches))


def asked(merger, requests, signature="double"):
    """The answers (or errors) to `[array]`, each asked by a thread of its own."""

    def ask(x):
        try:
            return merger.run(signature, {"x": x})["y"].tolist()
        except Refused as refused:
            return refused.message

    with concurrent.futures.ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(ask, requests))


# ---------------------------------------------------------------------- what is merged


def test_requests_of_several_threads_are_one_run_and_each_gets_its_rows():
    run = Doubler()  # eight rows are a full batch: nobody waits a minute
    answers = asked(
        merger(run, rows=8), [np.float32([1]), np.float32([2, 3, 4]), np.float32([5, 6]), np.float32([7, 8])]
    )
    assert answers == [[2], [4, 6, 8], [10, 12], [14, 16]]
    assert len(run.given) == 1 and sorted(run.given[0]) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_no_batch_has_more_rows_than_its_model_takes():
    run = Doubler()
    requests = [np.float32([number, 0, 0]) for number in range(6)]
    assert asked(merger(run, rows=7, seconds=0.05), requests) == [(2 * x).tolist() for x in requests]
    assert {len(rows) for rows in run.given} <= {3, 6}


def test_an_error_is_only_that_of_the_request_that_causes_it():
    run = Doubler()
    answers = asked(merger(run, rows=3), [np.float32([1]), np.float32([-1]), np.float32([3])])
    assert answers == [[2], "a negative number", [6]]
    assert len(run.given) == 4  # the batch, and each request by itself


def test_what_answers_not_row_by_row_is_asked_request_by_request():
    run = Doubler()
    assert asked(merger(run, rows=4), [np.float32([1, 3]), np.float32([5, 7])], "mean") == [[2], [6]]


@pytest.mark.parametrize(
    "inputs",
    [{"x": np.float32(1)}, {"x": np.zeros([9, 2], "float32")}, {"x": np.float32([1]), "z": np.float32([1, 2])}],
    ids=["no rows", "a whole batch and more", "rows of two numbers"],
)
def test_what_cannot_be_merged_is_answered_at_once(inputs):
    np.testing.assert_array_equal(merger(Doubler(), rows=8).run("double", inputs)["y"], 2 * inputs["x"])
    unmerged = Merger(Doubler(), threading.BoundedSemaphore(1), None)  # a model of images of any size
    assert unmerged.run("double", {"x": np.float32([1])})["y"].tolist() == [2]


def test_only_what_is_alike_is_merged():
    run = Doubler()
    merging = merger(run, rows=2)
    requests = [np.float32([[1]]), np.float32([[1, 2]]), np.float64([[1]]), np.float32([[3]])]
    requests += [np.float32([[3, 4]]), np.float64([[5]])]
    assert asked(merging, requests) == [(2 * x).tolist() for x in requests]
    assert sorted(map(len, run.given)) == [2, 2, 2]


@pytest.fixture(scope="module")
def version(vae, tmp_path_factory):
    directory = tmp_path_factory.mktemp("merged") / "1"
    saved_model.write(vae, directory)
    (directory / batching.FILE).write_text(batching.PARAMETERS)
    return directory


def test_merged_requests_to_a_model_are_answered_as_alone(version):
    """Bit for bit where no row is wrong but for rounding: other sizes of a batch are other kernels."""
    alone = Servable("vae", 1, version, allow_unverified=True)
    together = Servable("vae", 1, version, allow_unverified=True, places=threading.BoundedSemaphore(1))
    examples = golden.load(version / golden.FILE)
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        for signature in ("reconstruct", "decode", "sample"):
            inputs, _ = examples[signature]
            requests = [
                {
                    name: np.take(array, range(first, first + rows), axis=0, mode="wrap")
                    for name, array in inputs.items()
                }
                for first, rows in ((0, 1), (1, 3), (2, 1), (0, 2), (1, 1), (0, 1), (2, 7), (0, 1))
            ]
            spoilt = "temperature" if signature == "sample" else next(iter(inputs))
            requests[1][spoilt] = requests[1][spoilt].copy()
            requests[1][spoilt][1] = np.nan
            answers = list(threads.map(lambda request, name=signature: together.run(name, request), requests))
            for index, (request, answer) in enumerate(zip(requests, answers, strict=True)):
                np.testing.assert_allclose(
                    answer["image"], alone.run(signature, request)["image"], rtol=1e-4, atol=1e-6
                )
                wrong = np.isnan(answer["image"]).any(axis=(1, 2, 3))
                assert wrong.tolist() == [index == 1 and row == 1 for row in range(len(wrong))]
    together.close()
    alone.close()


# ---------------------------------------------------------------------- a full queue


class OneModel:
    """Stands for `Models`."""

    def answers(self, name):
        return True


async def posted(application, body):
    """(status, headers, body) of a POST to an ASGI application."""
    sent = []
    scope = {"type": "http", "method": "POST", "path": "/v1/models/m:predict", "headers": [], "query_string": b""}

    async def receive():
        return {"type": "http.request", "body": body}

    async def send(message):
        sent.append(message)

    await application(scope, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), json.loads(sent[1]["body"])


def test_a_full_queue_of_batches_is_503_and_says_when_to_come_again():
    limits, places = Limits(running=1, waiting=9), threading.BoundedSemaphore(1)
    merging = Merger(Doubler(), places, batching.Parameters(8, 0.0, 1))

    def predict(name, number, label, body):
        return json.dumps(merging.run("double", {"x": np.float32(json.loads(body))})["y"].tolist()).encode()

    async def ask():
        work = Work(limits, meeting=True)
        application = rest.application(OneModel(), work, metrics.Metrics(), {"predict": predict})
        places.acquire()  # a long run
        first = asyncio.create_task(posted(application, b"[1.0]"))
        while not merging._waiting:
            await asyncio.sleep(0.001)
        second = asyncio.create_task(posted(application, b"[2.0]"))  # comes along with the first
        refused = await posted(application, b"[[1.0]]")  # would be a batch of its own
        places.release()
        answers = [await first, await second, await posted(application, b"[[1.0]]")]
        work.close()
        return refused, answers

    (status, headers, body), answers = asyncio.run(ask())
    assert status == Refused(Code.UNAVAILABLE, "").http == 503 and headers[b"retry-after"] == b"1"
    assert body == {"error": "The batch scheduling queue to which this task was submitted is full"}
    assert [(status, body) for status, _, body in answers] == [(200, [2.0]), (200, [4.0]), (200, [[2.0]])]


# ---------------------------------------------------------------------- parameters and options


def test_parameters_are_read_as_they_were_written(tmp_path):
    assert batching.read(tmp_path) is None
    (tmp_path / batching.FILE).write_text(batching.PARAMETERS)
    assert batching.read(tmp_path) == batching.Parameters(rows=64, seconds=0.001, batches=100)
    (tmp_path / batching.FILE).write_text("# by hand\nmax_batch_size: { value: 4 }, batch_timeout_micros {value:500}")
    assert batching.read(tmp_path) == batching.Parameters(rows=4, seconds=0.0005, batches=10)


@pytest.mark.parametrize(
    "text",
    ["max_batch_size { value: 0 }", "max_batch_size { value: -1 }", "max_batch { value: 3 }", "max_batch_size 3", "é"],
)
def test_wrong_parameters_are_one_line_and_the_version_is_not_loaded(tmp_path, text):
    (tmp_path / batching.FILE).write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match="max_batch_size") as error:
        batching.read(tmp_path)
    assert "\n" not in str(error.value) and str(tmp_path) not in str(error.value)


def test_the_option_is_a_flag_and_a_mistake_one_line(tmp_path, capsys):
    with pytest.raises((InputError, SystemExit)):
        serve_command([str(tmp_path), "--batching=64"])
    told = capsys.readouterr().err.strip()
    assert "batching" in told.splitlines()[-1] and "Traceback" not in told


def test_tensorflow_model_server_is_told_to_merge_too(tmp_path, monkeypatch, capfd):
    """A stand-in for the binary that prints what it is given."""
    binary = tmp_path / "bin" / "tensorflow_model_server"
    binary.parent.mkdir()
    shown = 'for a in "$@"; do echo "arg $a"; case $a in *batching.config) cat ${a#*=};; esac; done'
    binary.write_text(f"#!/bin/sh\n{shown}\n")
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{binary.parent}:{os.environ['PATH']}")
    (tmp_path / "root" / "vae" / "1").mkdir(parents=True)
    serve_command([str(tmp_path / "root"), "--batching", "--allow-unverified"])
    out = capfd.readouterr().out
    assert "arg --enable_batching" in out and "arg --enable_per_model_batching_parameters" in out
    assert "arg --batching_parameters_file=" in out and "num_batch_threads { value: 2 }" in out
    serve_command([str(tmp_path / "root"), "--allow-unverified"])
    assert "batching" not in capfd.readouterr().out
