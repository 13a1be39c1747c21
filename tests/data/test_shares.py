"""Data past one machine's memory: every replica reads its share, or a tf.data service reads for all."""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from itertools import islice

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from keraszoo.__main__ import main
from keraszoo.core.errors import InputError
from keraszoo.data import Service, batches, load
from keraszoo.data.datasets.digits import Digits
from keraszoo.runs.run import Run
from keraszoo.training import evaluate, train
from keraszoo.training.cluster import launch as launching
from keraszoo.training.cluster.launch import launch

PATIENCE = 120


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """37 and 24 images of noise, which batches of 10 do not divide."""
    path = tmp_path_factory.mktemp("images")
    random = np.random.default_rng(0)
    for split, count in (("train", 37), ("test", 24)):
        (path / split).mkdir()
        for i in range(count):
            Image.fromarray(random.integers(0, 256, (8, 8), "uint8")).save(path / split / f"{i:02d}.png")
    return path


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """The digits in four files a split."""
    path = tmp_path_factory.mktemp("tfds")
    Digits(data_dir=path).download_and_prepare(download_config=tfds.download.DownloadConfig(num_shards=4))
    return path


def stream(source, split, size, share=(0, 1), count=None, **options):
    """The first batches of a share, all by default."""
    options = {"training": False, "transforms": (("binarize",),), "seed": 3, **options}
    return [x.numpy() for x in islice(batches(source, split, size, share=share, **options), count)]


def rows(arrays):
    return [row.tobytes() for array in arrays for row in array]


@pytest.mark.parametrize("limit", [10, 2**30], ids=["files", "memory"])
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.by_default(every=2)
def test_shares_put_together_are_the_batches_of_one_replica(folder, limit, count):
    source = load(folder, memory_limit=limit)
    for options in ({"training": True, "count": 13}, {"training": True, "first_step": 5, "count": 4}, {}):
        whole = stream(source, "test", 6, **options)
        shares = [stream(source, "test", 6, (i, count), **options) for i in range(count)]
        for batch, *parts in zip(whole, *shares, strict=True):
            np.testing.assert_array_equal(batch, np.concatenate(parts))


@pytest.mark.parametrize(("split", "size"), [("test", 48), ("train", 718), ("train", 2), ("train", 1000)])
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.by_default(every=3)
def test_shares_of_records_hold_every_example_once_in_equally_many_batches(data_dir, split, size, count):
    held, source = load("digits"), load("digits", data_dir=data_dir, memory_limit=10)
    shares = [stream(source, split, size, (i, count), transforms=()) for i in range(count)]
    assert {len(share) for share in shares} == {-(-source.sizes[split] // size)}
    examples = sum(map(rows, shares), [])
    assert sorted(examples) == sorted(rows([held.array(split) * np.float32(1 / 255)]))
    uneven = [len(rows(share)) for share in shares]
    assert max(uneven) - min(uneven) <= 1
    assert all(len(batch) <= size // count for share in shares for batch in share)


def test_shares_of_records_train_on_different_examples_equally_many_an_epoch(data_dir):
    source = load("digits", data_dir=data_dir, memory_limit=10)
    steps = 1437 // 100
    for epoch in range(2):
        shares = [
            rows(stream(source, "train", 100, (i, 2), steps, training=True, first_step=epoch * steps, transforms=()))
            for i in range(2)
        ]
        assert [len(share) for share in shares] == [steps * 50] * 2
        assert len(set(shares[0] + shares[1])) == steps * 100


def test_random_transforms_of_an_example_are_the_same_in_every_share(data_dir):
    source = load("digits", data_dir=data_dir, memory_limit=10)
    whole = rows(stream(source, "test", 40))
    assert whole == rows(stream(source, "test", 40, (0, 2))) + rows(stream(source, "test", 40, (1, 2)))


@pytest.mark.parametrize(
    ("share", "size", "message"),
    [((2, 2), 4, "share"), ((-1, 2), 4, "share"), ((0, 3), 4, "multiple.*3. Received: 4"), ((0, 25), 25, "each of")],
)
def test_shares_that_cannot_be(folder, share, size, message):
    with pytest.raises(InputError, match=message):
        batches(load(folder), "test", size, training=False, share=share)


def train_streamed(monkeypatch, path, **options):
    """Two workers train an autoencoder on data that are not held in memory; the options are train's."""
    program = (
        "import functools, json, sys\n"
        "from keraszoo import data, recipes\n"
        "from keraszoo.training.cluster.strategy import choose_strategy\n"
        "from keraszoo.training.session import train\n"
        "data.load = functools.partial(data.load, memory_limit=10)\n"
        "options = json.loads(sys.argv[1])\n"
        "recipe = recipes.get('autoencoder/digits')\n"
        "recipe = recipe.replace(data=recipe.data.replace(**options.pop('data', {})))\n"
        "train(recipe, strategy='multi_worker', **options)"
    )
    text = json.dumps({"run": str(path), "epochs": 2, **options})
    monkeypatch.setattr(launching, "_command", lambda arguments: [sys.executable, "-c", program, text])
    assert launch(["autoencoder"], 2) == 0


@pytest.mark.slow
def test_workers_that_stream_images_learn_what_replicas_learn_from_memory(folder, mirrored, tmp_path, monkeypatch):
    """Bit for bit; the last test batch is four images, so one of the workers gets none."""
    train_streamed(monkeypatch, tmp_path / "streamed", dataset=str(folder), batch_size=10)
    held = train(
        "autoencoder/digits",
        tmp_path / "held",
        dataset=str(folder),
        batch_size=10,
        epochs=2,
        strategy=mirrored,
        say=lambda text: None,
    )
    streamed = Run.open(tmp_path / "streamed")
    for mine, theirs in zip(held.model().get_weights(), streamed.model().get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert held.metrics() == streamed.metrics()


@pytest.mark.slow
def test_workers_with_unevenly_many_records_measure_every_example_once(data_dir, tmp_path, monkeypatch):
    """719 and 718 examples in batches of 359: three batches, and two with an empty one."""
    train_streamed(monkeypatch, tmp_path / "run", data_dir=str(data_dir), data={"test": "train"}, batch_size=718)
    run = Run.open(tmp_path / "run")
    validated = run.metrics()["history"][-1]
    again = evaluate(run, "train")  # from memory, on one replica
    assert {name: validated[f"val_{name}"] for name in again} == pytest.approx(again, rel=1e-5)


# ---------------------------------------------------------------------- the tf.data service


@pytest.fixture(scope="module")
def service():
    """The address of a running `keraszoo data-service` with two workers; stopped by SIGTERM afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "keraszoo", "data-service", "--workers", "2", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        line = process.stdout.readline()
        yield re.search(r"service at (127\.0\.0\.1:\d+) with 2 workers", line)[1]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_service_gives_each_example_equally_often_to_all_who_read_together(data_dir, service):
    source = load("digits", data_dir=data_dir, memory_limit=10)
    options = {"training": True, "service": Service(service, "test-together")}
    readers = [iter(batches(source, "train", 100, share=(i, 2), **options)) for i in range(2)]
    seen = Counter()
    for _ in range(10 * 1437 // 100):
        for reader in readers:
            batch = next(reader).numpy()
            assert batch.shape == (50, 8, 8, 1)
            seen.update(rows([batch]))
    assert set(seen) == set(rows([load("digits").array("train") * np.float32(1 / 255)]))
    assert min(seen.values()) >= 6 and max(seen.values()) <= 13  # ten passes


@pytest.mark.slow
def test_training_reads_from_a_service(data_dir, service, tmp_path, mirrored):
    options = {"data_dir": data_dir, "data_service": service, "say": lambda text: None}
    alone = train("autoencoder/digits", tmp_path / "alone", epochs=3, strategy="none", **options)
    both = train("autoencoder/digits", tmp_path / "both", epochs=3, strategy=mirrored, **options)
    held = train("autoencoder/digits", tmp_path / "held", epochs=3, strategy="none", say=options["say"])
    for run in (alone, both):
        assert run.metrics()["test"]["loss"] == pytest.approx(held.metrics()["test"]["loss"], rel=0.1)


@pytest.mark.slow
def test_workers_train_from_a_service(data_dir, service, tmp_path):
    arguments = ["autoencoder/digits", "--epochs", "2", "--data-dir", str(data_dir), "--data-service", service]
    launched = [sys.executable, "-m", "keraszoo", "launch", "--workers", "2", "--", "train", *arguments]
    finished = subprocess.run(
        [*launched, "--run", str(tmp_path / "run")], capture_output=True, text=True, timeout=2 * PATIENCE
    )
    assert finished.returncode == 0, finished.stderr
    run = Run.open(tmp_path / "run")
    assert run.metrics()["history"][1]["loss"] < run.metrics()["history"][0]["loss"]
    assert run.metrics()["test"] == pytest.approx(evaluate(run, "test"), rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data-service", "nowhere"], "host:port. Received: 'nowhere'"),
        (["--data-service", "127.0.0.1:1"], "No tf.data service answers at 127.0.0.1:1.*keraszoo data-service"),
    ],
)
def test_a_service_that_is_not_there_is_refused(capsys, tmp_path, arguments, message):
    assert main(["train", "vae/digits", *arguments, "--run", str(tmp_path / "run")]) == 2
    assert re.search(message, capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_service_reads_records_only(folder, service, tmp_path, capsys):
    arguments = ["--dataset", str(folder), "--batch-size", "4", "--data-service", service]
    assert main(["train", "vae/digits", *arguments, "--run", str(tmp_path / "run")]) == 2
    assert "datasets of tfds" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--workers", "-1"], 2, "at least 0"),
        (["--port", "70000"], 2, "65535"),
        (["--join", "127.0.0.1:1"], 2, "No tf.data service"),
        (["--port", "taken"], 98, "port is taken"),
    ],
)
def test_services_that_cannot_be(service, capfd, arguments, code, message):
    arguments = [service.rpartition(":")[2] if argument == "taken" else argument for argument in arguments]
    assert main(["data-service", *arguments]) == code
    assert message in capfd.readouterr().err
