"""What a server may merge: each client's answer is what it would be alone."""

import numpy as np
import pytest
import tensorflow as tf
from batcher import CannotMerge, merged

from keraszoo.export import export
from keraszoo.export.contents import batching, golden, manifest
from keraszoo.models import ConditionalVAE, UNet


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    return export(
        ConditionalVAE((4, 4, 1), latent_dim=2, hidden=(8,), num_classes=3), tmp_path_factory.mktemp("served")
    )


def rows_of(example, first, count):
    return {name: np.take(array, range(first, first + count), axis=0, mode="wrap") for name, array in example.items()}


def test_merged_requests_are_answered_as_alone_and_a_bad_row_is_its_senders(served):
    signatures = tf.saved_model.load(str(served)).signatures
    for name, (inputs, _) in golden.load(served / golden.FILE).items():

        def signature(name=name, **request):
            answer = signatures[name](**{key: tf.constant(array) for key, array in request.items()})
            return {key: tensor.numpy() for key, tensor in answer.items()}

        requests = [rows_of(inputs, first, count) for first, count in ((0, 1), (1, 3), (2, 40), (0, 30))]
        alone = [signature(**request) for request in requests]
        requests[1]["label"][1] = 17
        for index, answer in enumerate(merged(signature, requests)):
            for key, array in answer.items():
                if index == 1:
                    assert np.isnan(array[1]).all()
                    array, alone[1][key] = np.delete(array, 1, 0), np.delete(alone[1][key], 1, 0)
                np.testing.assert_allclose(array, alone[index][key], rtol=1e-4, atol=1e-6)


def test_parameters_are_those_of_a_batch_of_fixed_sizes(served):
    text = (served / batching.FILE).read_text()
    assert "max_batch_size { value: 64 }" in text and manifest.read(served)["batching"] == "up to 64 rows"
    assert batching.FILE in manifest.read(served)["files"]


def test_models_of_any_size_are_not_batched(tmp_path):
    version = export(UNet((16, 16, 1), depth=1, width=2), tmp_path)
    assert not (version / batching.FILE).exists()
    assert manifest.read(version)["batching"].startswith("none: the sizes of image of segment may vary")
    segment = tf.saved_model.load(str(version)).signatures["segment"]
    sizes = [{"image": np.zeros([1, size, size, 1], "float32")} for size in (16, 18)]
    with pytest.raises(CannotMerge):
        merged(segment, sizes)
