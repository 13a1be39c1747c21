"""Every public class, small, on the embedded server: the callers' page holds, and answers are Keras' own bits.

And as a file of LiteRT.
"""

import ast
import json
import os
import re
import shutil
import subprocess

import numpy as np
import pytest
import zoo

from keraszoo.core.errors import InputError
from keraszoo.export import Client, doctor
from keraszoo.export.contents import client_page, golden, manifest
from keraszoo.export.lite import to_lite

WIRE_NAMES = {
    "image", "image_bytes", "features", "latent", "codes", "label", "context", "mask", "seed", "temperature"
}  # fmt: skip
#: signatures that no file of LiteRT has, besides those that draw random numbers or decode images
WITHOUT_KERNEL = {
    "Glow": {"decode"},
    "ContinuousFlow": {"log_prob"},
    "ResidualFlow": {"log_prob", "decode"},
    "Histogram": {"log_prob"},
    "KernelDensity": {"log_prob"},
}
every_class = pytest.mark.parametrize("name", zoo.NAMES)


@pytest.mark.by_default("GAN", "ConditionalVAE", "UNet")
@every_class
def test_one_word_means_one_thing_and_the_page_explains_it(name):
    signatures = zoo.small(name).serving_signatures()
    for signature, (_, inputs) in signatures.items():
        assert signature in client_page.ANSWERS and signature != "generate"
        assert {each.name for each in inputs} <= WIRE_NAMES


@pytest.mark.shows("doctor")
@pytest.mark.slow
@every_class
def test_every_class_is_healthy(zoo_server, one_doctor, name):
    checks = doctor(zoo_server.serve(name))
    assert all(check.ok for check in checks), [check for check in checks if not check.ok]
    signatures = manifest.read(zoo_server.serve(name))["signatures"].keys() - {"generate"}
    assert {f"answers of {each}" for each in signatures} <= {check.name for check in checks}


@pytest.mark.shows("server")
@pytest.mark.by_default("http-ConditionalVAE", "grpc-ConditionalVAE")
@every_class
@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_every_signature_of_every_class_answers_as_keras_bit_for_bit(zoo_server, transport, name):
    version = zoo_server.serve(name)
    examples, signatures = golden.load(version / golden.FILE), manifest.read(version)["signatures"]
    assert examples.keys() == signatures.keys()
    with Client(f"{transport}://{zoo_server.rest if transport == 'http' else zoo_server.grpc}", name) as client:
        assert client.signatures().keys() == {*signatures, "serving_default"}
        for signature in client.signatures():
            inputs, outputs = examples[next(iter(signatures)) if signature == "serving_default" else signature]
            answer = client.predict(inputs, signature)
            assert answer.keys() == outputs.keys()
            for key, want in outputs.items():
                assert answer[key].dtype == want.dtype and answer[key].shape == want.shape
                assert bits(answer[key]) == bits(want), (signature, key)


def bits(array):
    return array.tolist() if array.dtype == object else array.tobytes()


@pytest.mark.shows("LiteRT")
@pytest.mark.by_default("ConditionalVAE")
@every_class
def test_a_file_of_lite_answers_alike(zoo_server, name, tmp_path, record_property):
    """All signatures but those that draw random numbers, decode images, or need what LiteRT has no kernel for."""
    version = zoo_server.serve(name)
    signatures = {each for each in manifest.read(version)["signatures"] if each != "generate"}
    try:
        found = to_lite(version, tmp_path / "model.tflite")
    except InputError as error:
        reasons = str(error).partition("can be converted. ")[2].split("; ")
        record_property("no", "; ".join(reason for reason in reasons if not reason.startswith("generate")))
        assert WITHOUT_KERNEL.get(name) == signatures - {"sample"}, error
        return
    left_out = {each: reason for each, reason in found.left_out.items() if each != "generate"}
    record_property("but", "; ".join(f"`{each}` ({reason})" for each, reason in left_out.items()))
    assert {*found.differences, *left_out} == signatures
    assert left_out.keys() - {"sample", "segment_png_bytes"} == WITHOUT_KERNEL.get(name, set()), left_out
    assert all(value < 1e-5 for outputs in found.differences.values() for value in outputs.values()), found.differences


@pytest.mark.skipif(not shutil.which("curl"), reason="the page calls curl")
@pytest.mark.by_default("ConditionalVAE")
@every_class
def test_the_callers_page_runs(zoo_server, name, monkeypatch, capsys):
    """Each of its commands and its program, from the folder that it lies in; one row is answered as beside others."""
    folder = zoo_server.serve(name) / client_page.FOLDER
    page = (folder / "README.md").read_text()
    examples = golden.load(zoo_server.serve(name) / golden.FILE)
    commands = dict(re.findall(r"^## (\w+).*?```bash\n(.*?)```", page, re.DOTALL | re.MULTILINE))
    assert commands.keys() == examples.keys() and "HOST=localhost:8501 " in page
    for signature, command in commands.items():
        environment = {**os.environ, "HOST": zoo_server.rest}
        run = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, check=True)
        answer, (_, outputs) = json.loads(run.stdout)["outputs"], examples[signature]
        for key, want in outputs.items():
            got = answer[key] if len(outputs) > 1 else answer
            if want.dtype == object:
                assert got == np.vectorize(bytes.decode)(want[:1]).tolist()
            else:
                np.testing.assert_allclose(got, want[:1], 1e-4, 1e-5)
    [program] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(folder)
    exec(program.replace("localhost:8500", zoo_server.grpc), {})
    shapes = {key: (1, *want.shape[1:]) for key, want in next(iter(examples.values()))[1].items()}
    assert ast.literal_eval(capsys.readouterr().out) == shapes
