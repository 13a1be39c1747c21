"""What export promises: versions that answer as Keras does, refuse malformed requests, and appear whole."""

import dataclasses
import json
import os
import shutil
import stat
import subprocess
import sys
import types
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from keraszoo.core.errors import InputError
from keraszoo.core.inputs import Declaration
from keraszoo.core.model import ZooModel
from keraszoo.export import doctor, export, publish, saved_model, write_server_config
from keraszoo.export.command import doctor_command, export_command
from keraszoo.export.contents import golden, manifest, warmup
from keraszoo.export.outside import _capi, examination

IMAGE = tf.TensorSpec([None, 8, 8, 1], tf.float32, name="image")
SEED = tf.TensorSpec([None], tf.int64, name="seed")
TEMPERATURE = tf.TensorSpec([None], tf.float32, name="temperature")


@keras.saving.register_keras_serializable("tests")
class SmallModel(ZooModel):
    """Layers that graphs fuse, preprocessing in the signatures, sampling, and a part that is not served."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        layers, dtype = keras.layers, self.dtype_policy
        self.encoder = keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Conv2D(16, 3, padding="same", activation="relu", dtype=dtype),
                layers.BatchNormalization(dtype=dtype),
                layers.Dropout(0.5, dtype=dtype),
                layers.Flatten(dtype=dtype),
                layers.Dense(64, activation="gelu", dtype=dtype),
                layers.Dense(4, dtype=dtype),
            ]
        )
        self.decoder = keras.Sequential([keras.Input((4,)), layers.Dense(64, dtype=dtype)])
        self.discriminator = keras.Sequential([keras.Input((64,)), layers.Dense(1000)])

    def encode(self, image):
        return {"mean": self.encoder(image / 0.3, training=False)}

    def reconstruct(self, image):
        return {"image": self.decode(self.encode(image)["mean"])}

    def decode(self, z):
        return tf.reshape(tf.sigmoid(self.decoder(z, training=False)), [-1, 8, 8, 1])

    def serve_sample(self, seed, temperature):
        def draw(row):
            return tf.random.stateless_normal([4], [row, 0], alg="philox")

        z = tf.map_fn(draw, seed, fn_output_signature=tf.TensorSpec([4], tf.float32))
        return {"image": self.decode(temperature[:, None] * z)}

    def serving_signatures(self):
        return {
            "reconstruct": (self.reconstruct, [IMAGE]),
            "encode": (self.encode, [IMAGE]),
            "sample": (self.serve_sample, [SEED, TEMPERATURE]),
        }


class Serving(ZooModel):
    """A model that serves one function of your own; it has one weight, `scale`."""

    def __init__(self, function, specs=(IMAGE,)):
        super().__init__()
        self.function, self.specs = function, list(specs)
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def serving_signatures(self):
        return {"answer": (self.function, self.specs)}


def unexamined(model, to, monkeypatch):
    """A published version that no doctor has seen."""
    with monkeypatch.context() as patch:
        patch.setattr(examination, "examine", lambda directory: [])
        return export(model, to, "unexamined")


def faults(checks):
    return {check.name: check.detail for check in checks if not check.ok}


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    model = SmallModel()
    model.encoder.layers[1].set_weights([np.random.default_rng(i).random(16) + 0.5 for i in range(4)])
    return model


@pytest.fixture(scope="module")
def version(model, tmp_path_factory):
    """The model's first published version; tests that change it work on a copy."""
    return export(model, tmp_path_factory.mktemp("served"))


@pytest.fixture
def copy(version, tmp_path):
    return Path(shutil.copytree(version, tmp_path / "served" / "small_model" / "1"))


# ---------------------------------------------------------------------- what a version answers


def test_every_signature_answers_as_keras_bit_for_bit(version):
    checks = {check.name: check for check in doctor(version)}
    assert all(check.ok for check in checks.values()), checks
    for signature in ("serving_default", "reconstruct", "encode", "sample"):
        assert checks[f"answers of {signature}"].detail == "equal to Keras, bit for bit"
        assert checks[f"wrong shapes: {signature}"].detail.startswith("4 of 4 refused")


def test_golden_answers_are_those_of_the_model(model, version):
    for name, (inputs, outputs) in golden.load(version / golden.FILE).items():
        method, specs = model.serving_signatures()[{"generate": "sample"}.get(name, name)]
        answers = method(*(inputs[spec.name] for spec in specs))
        assert set(answers) == set(outputs)
        for key, answer in answers.items():
            assert len(outputs[key]) == golden.ROWS
            np.testing.assert_allclose(outputs[key], answer, rtol=1e-5, atol=1e-6)


def test_generate_is_another_name_of_sample(version):
    served = tf.saved_model.load(str(version)).signatures
    inputs, outputs = golden.load(version / golden.FILE)["sample"]
    answer = served["generate"](**{name: tf.constant(array) for name, array in inputs.items()})
    assert answer.keys() == outputs.keys()
    for key, want in outputs.items():
        np.testing.assert_array_equal(answer[key], want)
    with np.load(version / golden.FILE) as stored:
        assert not any(name.startswith("generate/") for name in stored.files), "it is stored once"
    examined = {check.name for check in doctor(version)}
    assert "answers of sample" in examined and "answers of generate" not in examined, "and examined once"


def test_doctor_tells_other_answers_from_keras_ones(copy):
    examples = golden.load(copy / golden.FILE)
    examples["encode"][1]["mean"][0, 0] += np.float32(1e-3)
    golden.save(copy / golden.FILE, examples)
    sign_again(copy)
    assert faults(doctor(copy)) == {"answers of encode": "mean differs from the Keras model by up to 0.001"}


def test_rounding_is_forgiven_only_on_another_machine():
    want = {"y": np.linspace(1, 2, 6, dtype="float32").reshape(3, 2)}

    class Server:
        error = 1e-6

        def run(self, signature, inputs):
            return {"y": want["y"] * np.float32(1 + self.error)}

    arguments = ("answer", {"x": np.zeros(3)}, want)
    assert not _capi.answers(Server(), *arguments, exact=True)[0]
    ok, detail = _capi.answers(Server(), *arguments, exact=False)
    assert ok and "another machine" in detail
    Server.error = 1e-2
    assert not _capi.answers(Server(), *arguments, exact=False)[0]


def test_served_weights_are_stored_once_and_others_not_at_all(model, version):
    parameters = model.encoder.count_params() + model.decoder.count_params()
    stored = sum(file.stat().st_size for file in version.glob("variables/variables.data-*"))
    assert manifest.read(version)["parameters"] == parameters
    assert 4 * parameters <= stored <= 1.01 * 4 * parameters + 2000  # 2000: names, in a model this small


def test_strings_pass_through(tmp_path, monkeypatch):
    texts = [b"", b"\x00ends in zero\x00", b"a string that is too long to be stored in place" * 9]
    text = Strings("text_bytes", tuple(texts))

    def answer(text_bytes):
        return {"twice": text_bytes + text_bytes, "length": tf.strings.length(text_bytes)}

    published = export(Serving(answer, [text]), tmp_path)
    inputs, outputs = golden.load(published / golden.FILE)["answer"]
    assert list(inputs["text_bytes"]) == texts and list(outputs["twice"]) == [text * 2 for text in texts]
    assert not faults(doctor(published))


@dataclasses.dataclass(frozen=True)
class Strings(Declaration):
    """Strings of which some are known."""

    name: str
    examples: tuple

    def spec(self):
        return tf.TensorSpec([None], tf.string, name=self.name)

    def random(self, rows, random, like=None):
        return np.array(self.examples, object)

    def taken(self, tensor):
        return tf.strings.length(tensor) < 10_000


def test_inputs_that_cannot_be_random_come_from_their_declaration(tmp_path):
    png = tf.TensorSpec([None], tf.string, name="image_png_bytes")

    def answer(image_png_bytes):
        image = tf.map_fn(tf.io.decode_png, image_png_bytes, fn_output_signature=tf.uint8)
        return {"mean": tf.reduce_mean(tf.cast(image, tf.float32), axis=[1, 2])}

    with pytest.raises(InputError, match="a declaration of your own gives better ones, .*. Received: ") as error:
        export(Serving(answer, [png]), tmp_path / "served")
    assert "\n" not in str(error.value) and not (tmp_path / "served").exists()
    images = tuple(tf.io.encode_png(np.full([4, 4, 1], grey, "uint8")).numpy() for grey in (0, 128, 255))
    published = export(Serving(answer, [Strings("image_png_bytes", images)]), tmp_path / "served")
    assert golden.load(published / golden.FILE)["answer"][1]["mean"].ravel().tolist() == [0, 128, 255]


def test_images_of_any_size_can_be_served(tmp_path):
    anything = tf.TensorSpec([None, None, None, 1], tf.float32, name="image")
    kernel = tf.ones([3, 3, 1, 1])
    published = export(Serving(lambda image: {"blur": tf.nn.conv2d(image, kernel, 1, "SAME")}, [anything]), tmp_path)
    assert manifest.read(published)["signatures"]["answer"]["outputs"]["blur"]["shape"] == [None, None, None, 1]


def test_model_built_for_several_replicas_is_exported(model, mirrored, tmp_path):
    with mirrored.scope():
        replicated = SmallModel()
    replicated.set_weights(model.get_weights())
    examples = golden.load(export(replicated, tmp_path) / golden.FILE)
    expected = tf.function(model.encode)(tf.constant(examples["encode"][0]["image"]))
    np.testing.assert_array_equal(examples["encode"][1]["mean"], expected["mean"])


def test_mixed_precision_is_exported_in_float32(model, tmp_path):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        mixed = SmallModel()
        mixed.set_weights(model.get_weights())
        policies = [layer.dtype_policy for layer in mixed._flatten_layers()]
        examples = golden.load(export(mixed, tmp_path) / golden.FILE)
        assert keras.config.dtype_policy().name == "mixed_float16"
    finally:
        keras.config.set_dtype_policy("float32")
    expected = tf.function(model.encode)(tf.constant(examples["encode"][0]["image"]))
    np.testing.assert_array_equal(examples["encode"][1]["mean"], expected["mean"])
    assert [layer.dtype_policy for layer in mixed._flatten_layers()] == policies


def test_half_precision_answers_are_cast(tmp_path):
    published = export(Serving(lambda image: {"half": tf.cast(image, tf.bfloat16)}), tmp_path)
    assert manifest.read(published)["signatures"]["answer"]["outputs"]["half"]["dtype"] == "float32"


# ---------------------------------------------------------------------- what is refused


def in_a_loop(draw):
    return lambda image: {"y": tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, draw(x)), (0, image))[1]}


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda image: {"y": tf.ensure_shape(tf.py_function(tf.identity, [image], tf.float32), image.shape)}, "Python"),
        (lambda image: {"y": image + 0 * tf.random.normal([])}, "RandomStandardNormal draws other numbers"),
        (in_a_loop(lambda x: x + 0 * tf.random.uniform([])), "RandomUniform draws other numbers"),
        (tf.function(lambda image: {"y": image * 2}, jit_compile=True), "jit_compile"),
        (lambda image: {"y": image, "n": tf.zeros_like(image, tf.int64) + len(str(tf.print("hi")))}, "PrintV2 writes"),
        (lambda image: {"y": tf.repeat(tf.io.read_file(__file__), tf.shape(image)[0])}, "ReadFile touches"),
    ],
    ids=["py_function", "random", "random in a loop", "jit_compile", "print", "read_file"],
)
def test_operations_that_no_server_should_run_are_refused(function, reason, tmp_path):
    with pytest.raises(InputError, match=reason) as error:
        export(Serving(function), tmp_path / "served")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "served").exists()


def test_requests_must_not_change_the_weights(tmp_path):
    def answer(image):
        model.scale.assign_add(1.0)
        return {"y": image}

    model = Serving(answer)
    with pytest.raises(InputError, match="AssignVariableOp changes the served model"):
        export(model, tmp_path)


def test_randomness_frozen_into_the_graph_is_refused(tmp_path):
    with pytest.raises(InputError, match="must answer from Python what its graph answers"):
        export(Serving(lambda image: {"y": image + np.random.rand()}), tmp_path)


@pytest.mark.parametrize(
    ("function", "specs", "reason"),
    [
        (tf.identity, [tf.TensorSpec([3, 2], tf.float32, name="x")], "first dimension"),
        (tf.identity, [tf.TensorSpec([], tf.float32, name="x")], "first dimension"),
        (tf.identity, [tf.TensorSpec(None, tf.float32, name="x")], "first dimension"),
        (tf.identity, [], "no inputs"),
        (tf.identity, [tf.TensorSpec([None], tf.float64, name="x")], "Received: float64"),
        (tf.identity, [tf.TensorSpec([None], tf.float16, name="x")], "Received: float16"),
        (tf.identity, [tf.TensorSpec([None], tf.float32)], "needs an identifier"),
        (tf.identity, [IMAGE, IMAGE], "different names"),
        (lambda image: image, [IMAGE], "must return a dict"),
        (lambda image: {"y": tf.reduce_mean(image)}, [IMAGE], r"Received: shape \(\)"),
        (lambda image: {"y": tf.zeros([5, 2])}, [IMAGE], r"\(5, 2\)"),
        (lambda image: {"y": tf.cast(image, tf.complex64)}, [IMAGE], "Received: complex64"),
    ],
)
def test_signatures_that_cannot_be_served_are_refused(function, specs, reason, tmp_path):
    with pytest.raises(InputError, match=reason) as error:
        export(Serving(function, specs), tmp_path / "served")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "served").exists()


def test_model_without_signatures_is_refused(tmp_path):
    class Silent(ZooModel):
        pass

    with pytest.raises(InputError, match="nothing to serve"):
        export(Silent(), tmp_path)


def test_crash_of_the_server_is_reported(model, tmp_path, monkeypatch):
    """Which requests abort a server depends on its processor's kernels, so this one aborts of itself."""
    published = export(model, tmp_path, name="model")
    server = tmp_path / "server"
    server.write_text(
        "#!/bin/sh\n"
        """echo '{"running": "wrong shapes: serving_default"}'\n"""
        "echo 'F1129 00:00:00.000000 1 kernel.cc:1] Check failed: rank == 4' >&2\n"
        "kill -ABRT $$\n"
    )
    server.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(server))
    found = faults(doctor(published))
    assert list(found) == ["process"]
    assert "died of SIGABRT during 'wrong shapes: serving_default': Check failed" in found["process"]


def unguarded(name, method, declarations, inputs):
    return method(*inputs)


def test_accepting_wrong_shapes_is_a_fault(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(saved_model, "guarded", unguarded)
        published = unexamined(Serving(lambda image: {"y": image + 1}), tmp_path, monkeypatch)
    assert "accepted one dimension too many" in faults(doctor(published))["wrong shapes: answer"]


def test_inputs_of_different_batches_are_refused(tmp_path, monkeypatch):
    unrelated = Serving(lambda seed, temperature: {"a": seed, "b": temperature}, [SEED, TEMPERATURE])
    assert not faults(doctor(export(unrelated, tmp_path)))
    with monkeypatch.context() as patch:
        patch.setattr(saved_model, "guarded", unguarded)
        published = unexamined(unrelated, tmp_path, monkeypatch)
    assert "inputs of different batches" in faults(doctor(published))["wrong shapes: answer"]


# ---------------------------------------------------------------------- what the doctor sees in the files


def sign_again(version):
    """Brings the checksums up to date with the files."""
    manifest.seal_as(version, manifest.read(version) | {"files": manifest.checksums(version)})


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (lambda copy: (copy / "variables/variables.index").unlink(), "variables/variables.index is missing"),
        (lambda copy: flip_a_byte(copy / "variables/variables.data-00000-of-00001"), "00000-of-00001 was changed"),
        (lambda copy: (copy / "assets" / "extra.txt").write_text("x"), "assets/extra.txt was added"),
        (lambda copy: (copy / manifest.FILE).unlink(), "manifest.json is missing"),
        (lambda copy: (copy / manifest.FILE).write_text("{"), "manifest.json is damaged"),
        (lambda copy: (copy / manifest.FILE).write_text('{"format": 1}'), "is no manifest of format 2"),
    ],
    ids=["file removed", "byte flipped", "file added", "manifest removed", "manifest cut", "manifest empty"],
)
def test_damage_is_named(copy, harm, sentence, capsys):
    harm(copy)
    assert doctor_command([str(copy.parent)]) == 2
    out = capsys.readouterr().out
    assert sentence in " ".join(out.split()) and "1 of 1 checks failed" in out


def test_unreadable_graph_is_a_fault(copy):
    (copy / "saved_model.pb").write_bytes(b"\xff\xff")
    sign_again(copy)
    assert "Cannot read" in faults(doctor(copy))["graph"]


def test_unloadable_weights_are_a_fault(copy):
    (copy / "variables/variables.index").unlink()
    sign_again(copy)
    assert faults(doctor(copy))


def test_doctor_takes_the_newest_version_or_the_one_named(copy, capsys):
    shutil.copytree(copy, copy.parent / "10")
    for arguments, number in ([], 10), (["--version", "1"], 1):
        assert doctor_command([str(copy.parent), "--json", *arguments]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert answer["version"] == str(copy.parent / str(number)) and answer["healthy"]
    with pytest.raises(InputError, match="versions 1, 10. Received: 7"):
        doctor(copy.parent, version=7)
    with pytest.raises(InputError, match="no version"):
        doctor(copy.parent.parent)
    with pytest.raises(InputError, match="not a directory"):
        doctor(copy / "nowhere")


def test_doctor_prints_a_table_of_80_columns(copy, capsys):
    (copy / "variables" / f"{'long' * 30}.txt").write_text("x")
    doctor_command([str(copy)])
    doctor_command([str(copy)[: -len("/1")], "--version", "1"])
    assert all(len(line) <= 80 for line in capsys.readouterr().out.splitlines() if line != str(copy))


# ---------------------------------------------------------------------- warm-up


def test_warm_up_calls_every_signature(version):
    requests = warmup.read(version)
    assert {name for name, _ in requests} == {"serving_default", "reconstruct", "encode", "sample", "generate"}
    assert all(len(array) == 1 for _, inputs in requests for array in inputs.values())


def test_failing_warm_up_is_a_fault(copy, model):
    examples = golden.load(copy / golden.FILE)
    examples["encode"][0]["image"] = np.zeros([1, 9, 9, 1], "float32")
    warmup.write(copy, "small_model", examples, default="reconstruct")
    sign_again(copy)
    assert "warm-up" in faults(doctor(copy))


def test_export_goes_on_without_the_serving_package(tmp_path, monkeypatch, version):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis.prediction_log_pb2", None)
    published = export(Serving(lambda image: {"y": image}), tmp_path)
    assert "pip install 'keraszoo[serving]'" in manifest.read(published)["warm_up"]
    assert not (published / warmup.FILE).exists()
    for checked in (published, version):
        [warm_up] = [check for check in doctor(checked) if check.name == "warm-up"]
        assert warm_up.ok and "pip install" in warm_up.detail


# ---------------------------------------------------------------------- publishing


def test_concurrent_publishers_get_versions_of_their_own(tmp_path):
    program = (
        "import os, sys; from keraszoo.export import publish\n"
        "for _ in range(8): publish(lambda d: (d / 'who').write_text(str(os.getpid())), sys.argv[1], 'vae')"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert sorted(os.listdir(tmp_path / "vae"), key=int) == [str(n) for n in range(1, 33)]
    writers = [(tmp_path / "vae" / str(n) / "who").read_text() for n in range(1, 33)]
    assert {writers.count(str(process.pid)) for process in processes} == {8}


def test_number_taken_meanwhile_is_left_alone(tmp_path):
    def fill(directory):
        (directory / "mine").touch()

    def fill_slowly(directory):
        fill(directory)
        publish(fill, tmp_path, "vae")

    assert publish(fill_slowly, tmp_path, "vae") == tmp_path / "vae" / "2"


def test_race_for_a_number_is_lost_gracefully(tmp_path, monkeypatch):
    from keraszoo.export.published import versions

    monkeypatch.setattr(versions, "numbers", lambda home: [])  # what a publisher sees just before another one's rename
    made = [publish(lambda directory: (directory / "x").touch(), tmp_path, "vae") for _ in range(3)]
    assert [version.name for version in made] == ["1", "2", "3"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, InputError, OSError, RuntimeError])
@pytest.mark.parametrize("existing", [False, True])
def test_failed_publication_leaves_nothing(tmp_path, error, existing):
    base = tmp_path / "some" / "where"
    if existing:
        publish(lambda directory: (directory / "x").touch(), base, "vae")

    def fill(directory):
        (directory / "half").write_text("written")
        raise error("stop")

    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError if error is OSError else error):
        publish(fill, base, "vae")
    assert sorted(tmp_path.rglob("*")) == before


def test_version_gets_the_permissions_of_the_umask(tmp_path):
    before = os.umask(0o022)
    try:
        published = publish(lambda directory: (directory / "x").touch(), tmp_path, "vae")
    finally:
        os.umask(before)
    assert stat.S_IMODE(published.stat().st_mode) == 0o755


@pytest.mark.parametrize("name", ["", "7", "..", ".vae", "a/b", "-rf", "a b", "vae.config", "x" * 101, "vae\n"])
def test_name_must_be_a_models_name(tmp_path, name):
    with pytest.raises(InputError, match="Received"):
        publish(lambda directory: None, tmp_path, name)
    assert not list(tmp_path.iterdir())


def test_unwritable_target_is_one_clear_line(tmp_path, model):
    (tmp_path / "file").touch()
    for target in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        with pytest.raises(InputError, match="Cannot write a version to") as error:
            export(model, target)
        assert "\n" not in str(error.value)


# ---------------------------------------------------------------------- the server's configuration


def test_server_configuration_lists_every_model(tmp_path):
    from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

    for name in ("vae", "autoencoder", "vae"):
        publish(lambda directory: (directory / "x").touch(), tmp_path, name)
    (tmp_path / "notes").mkdir()
    (tmp_path / "batching.config").write_text("max_batch_size { value: 8 }")
    written = write_server_config(tmp_path, seen_as="/srv/models/")
    config = text_format.Parse(written.read_text(), ModelServerConfig())
    listed = {entry.name: entry.base_path for entry in config.model_config_list.config}
    assert listed == {"autoencoder": "/srv/models/autoencoder", "vae": "/srv/models/vae"}
    assert {entry.model_platform for entry in config.model_config_list.config} == {"tensorflow"}
    assert "value: 8" in (tmp_path / "batching.config").read_text(), "the operator's own settings stay"
    assert "prometheus" in (tmp_path / "monitoring.config").read_text()
    assert not list(tmp_path.glob(".draft-*"))
    with pytest.raises(InputError, match="absolute path"):
        write_server_config(tmp_path, seen_as="models")


# ---------------------------------------------------------------------- the commands


def test_export_command_shows_what_was_published(model, tmp_path, monkeypatch, capsys):
    class FinishedRun:
        family, recipe = "vae", types.SimpleNamespace(name="vae/digits")

        @classmethod
        def open(cls, path):
            return cls()

        def model(self):
            return model

    monkeypatch.setattr("keraszoo.export.pipeline.Run", FinishedRun)
    assert export_command(["runs/vae", "--to", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert str(tmp_path / "vae" / "1") in out
    assert "sample: seed int64[N], temperature float32[N] -> image float32[N,8,8,1]" in out
    assert "Warm-up: 5 records" in out and f"keraszoo doctor {tmp_path / 'vae'}" in out
    assert f"keraszoo serve {tmp_path}" in out and "--model_config_file=/models/models.config" in out
    assert export_command(["runs/vae", "--to", str(tmp_path), "--name", "other"]) == 0
    assert (tmp_path / "other" / "1").is_dir() and (tmp_path / "models.config").read_text().count("config {") == 2


def test_missing_run_publishes_nothing(tmp_path):
    with pytest.raises(InputError, match="no run"):
        export(tmp_path / "nowhere", tmp_path / "served")
    with pytest.raises(InputError, match="Received: an object of type int"):
        export(7, tmp_path / "served")
    assert not (tmp_path / "served").exists()


def test_importing_export_costs_no_tensorflow():
    modules = "keraszoo.export, keraszoo.export.command, keraszoo.export.outside._capi"
    modules += ", keraszoo.export.server.command, keraszoo.export.client.command, keraszoo.export.client.over_rest"
    program = f"import sys, {modules}; print('tensorflow' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "False\n"
