"""LiteRT files answer as the version that they were made of, and say what is not in them."""

import numpy as np
import pytest
import tensorflow as tf

from keraszoo.__main__ import main
from keraszoo.core.errors import InputError
from keraszoo.core.inputs import Input
from keraszoo.export import export
from keraszoo.export.lite import to_lite
from keraszoo.models import VAE


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    model = VAE((8, 8, 1), latent_dim=2, network="convolutional", hidden=(16, 64))
    return export(model, tmp_path_factory.mktemp("served"))


def test_every_signature_without_random_numbers_answers_alike(version, tmp_path):
    found = to_lite(version, tmp_path / "vae.tflite")
    assert found.differences.keys() == {"reconstruct", "encode", "decode"}
    assert all(value < 1e-6 for outputs in found.differences.values() for value in outputs.values())
    assert found.left_out.keys() == {"sample", "generate"} and "random numbers" in found.left_out["sample"]
    assert found.bytes == (tmp_path / "vae.tflite").stat().st_size


def test_a_row_that_means_nothing_is_answered_alone_there_too(version, tmp_path):
    to_lite(version, tmp_path / "vae.tflite")
    with pytest.warns(UserWarning, match="tf.lite.Interpreter"):
        interpreter = tf.lite.Interpreter(str(tmp_path / "vae.tflite"))
    decode = interpreter.get_signature_runner("decode")
    latent = np.float32([[0.1, 0.2], [np.nan, 0.0], [0.3, 0.4]])
    image = decode(latent=latent)["image"]
    assert np.isnan(image[1]).all() and np.isfinite(image[[0, 2]]).all()


def test_shorter_weights_cost_what_is_told(version, tmp_path):
    files = {weights: to_lite(version, tmp_path / weights, weights) for weights in ("float32", "float16", "int8")}
    assert files["float16"].bytes < 0.65 * files["float32"].bytes and files["int8"].bytes < files["float16"].bytes
    losses = [max(files[weights].differences["reconstruct"].values()) for weights in files]
    assert losses[0] < losses[1] < losses[2] < 0.05


def test_the_command_tells_what_became_of_it(version, tmp_path, capsys):
    assert main(["lite", str(version.parent), "--out", str(tmp_path / "vae.tflite"), "--weights", "float16"]) == 0
    out = capsys.readouterr().out
    assert "weights in float16" in out and "decode: image" in out and "Left out: sample" in out
    for arguments, reason in ((["--weights", "int4"], "Closest: int8"), (["--version", "9"], "has the versions 1")):
        assert main(["lite", str(version.parent), "--out", str(tmp_path / "other"), *arguments]) == 2
        err = capsys.readouterr().err
        assert reason in err and err.count("\n") == 1 and not (tmp_path / "other").exists()
    assert main(["lite", str(version.parent), "--out", str(tmp_path / "no" / "folder.tflite")]) == 2
    assert "Cannot write" in capsys.readouterr().err


def test_a_signature_that_lite_has_no_kernel_for_is_named(tmp_path):
    from test_versions import Served

    def determinant(features):
        return {"y": tf.linalg.det(tf.reshape(features, [-1, 3, 3]))}

    signatures = {"twice": (lambda features: {"y": 2 * features}, [Input((9,))])}
    version = export(Served(**signatures, det=(determinant, [Input((9,))])), tmp_path / "served", "model")
    found = to_lite(version, tmp_path / "model.tflite")
    assert found.differences.keys() == {"twice"} and "no kernel for MatrixDeterminant" in found.left_out["det"]
    alone = export(Served(det=(determinant, [Input((9,))])), tmp_path / "served", "alone")
    with pytest.raises(InputError, match="No signature of .* can be converted. det: LiteRT has no kernel"):
        to_lite(alone, tmp_path / "alone.tflite")
    assert not (tmp_path / "alone.tflite").exists()
