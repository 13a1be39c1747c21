"""What users of a served model met, each as a test.

Others stand elsewhere: requests of several image sizes, which no server must merge, in `export/test_batching.py`
(`test_models_of_any_size_are_not_batched`); the pixels that a PNG claims, before any is decoded, in
`models/segmentation/test_unet.py` (`test_an_encoded_image_of_too_many_pixels_is_refused_by_its_header`); manifests
edited by hand in `export/test_versions.py` (`test_a_damaged_manifest_is_one_line_and_no_version_follows_it`) and
`test_swaps.py`; one name for one thing, and a page about every signature, in `test_every_model.py`.
"""

import base64
import json
import shutil
import struct

import numpy as np
import pytest
import runner
import zoo

from keraszoo.core.errors import InputError
from keraszoo.export import Client, export
from keraszoo.export.contents import golden
from keraszoo.export.outside import examination
from keraszoo.export.published import versions


@pytest.mark.by_default("Classifier")
@pytest.mark.parametrize("name", ["Classifier", "UNet"])
def test_another_model_under_a_vaes_name_is_no_second_version_of_it(zoo_server, tmp_path, monkeypatch, name):
    shutil.copytree(zoo_server.serve("ConditionalVAE").parent, tmp_path / "vae")
    monkeypatch.setattr(examination, "examine", lambda directory: [])
    with pytest.raises(InputError, match="the default was reconstruct .*--new-interface") as error:
        export(zoo.small(name), tmp_path, "vae")
    assert "\n" not in str(error.value) and versions.numbers(tmp_path / "vae") == [1]


#: (signature, input, value that means nothing)
MEANINGLESS = [
    ("decode", "label", -1), ("decode", "label", 3), ("decode", "label", 2**32 + 1), ("decode", "latent", np.nan),
    ("sample", "label", -(2**63)), ("sample", "temperature", -0.5), ("sample", "temperature", np.inf),
    ("reconstruct", "image", 255.0), ("reconstruct", "image", np.nan), ("encode", "image", -np.inf),
    ("encode", "label", 2**62),
]  # fmt: skip


@pytest.mark.parametrize("transport", ["http", "grpc"])
@pytest.mark.parametrize(("signature", "name", "value"), MEANINGLESS)
def test_numbers_that_mean_nothing_are_answered_so_and_alone(zoo_server, transport, signature, name, value):
    inputs, outputs = golden.load(zoo_server.serve("ConditionalVAE") / golden.FILE)[signature]
    inputs = {key: array.copy() for key, array in inputs.items()}
    inputs[name][1] = value
    address = f"{transport}://{zoo_server.rest if transport == 'http' else zoo_server.grpc}"
    with Client(address, "ConditionalVAE") as client:
        answer = client.predict(inputs, signature)
    for key, want in outputs.items():
        assert np.isnan(answer[key][1]).all() and np.isfinite(want).all()
        assert answer[key][[0, 2]].tobytes() == want[[0, 2]].tobytes()


@pytest.mark.slow
def test_a_small_file_that_claims_many_pixels_is_refused(zoo_server):
    zoo_server.serve("UNet")
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 30_000, 30_000, 8, 0, 0, 0, 0)
    encoded = base64.b64encode(header + b"\0" * 8000).decode()
    body = {"signature_name": "segment_png_bytes", "instances": [{"b64": encoded}]}
    status, _, raw = runner.send(zoo_server.rest, "POST", "/v1/models/UNet:predict", json.dumps(body).encode())
    assert status == 400 and b"pixels" in raw
