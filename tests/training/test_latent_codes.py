"""The code of an example is what `decode` takes, whatever lies between the encoder and the code."""

import numpy as np
import pytest

from keraszoo.__main__ import main
from keraszoo.analysis import latent_codes
from keraszoo.models import VAE, Autoencoder, FlowVAE, VampVAE
from keraszoo.training import train
from keraszoo.training.latent.space import LatentSpace
from keraszoo.training.latent.units import posteriors

X = np.random.default_rng(0).random([5, 8, 8, 1], "float32")


def shaken(model):
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign_add(0.1 * random.standard_normal(weight.shape))
    return model


@pytest.mark.parametrize("make", [Autoencoder, VAE, VampVAE, FlowVAE])
def test_decoding_its_code_reconstructs_an_example(make):
    model = shaken(make((8, 8, 1), latent_dim=3, hidden=(16,)))
    codes = latent_codes(model, X)
    np.testing.assert_array_equal(model.decode(codes), model.reconstruct(X))
    np.testing.assert_allclose(model(X), model.reconstruct(X), atol=1e-6)
    np.testing.assert_array_equal(posteriors(model, [X])[0], codes)


def test_a_code_that_a_flow_has_moved_has_no_gaussian_around_it():
    flow = shaken(FlowVAE((8, 8, 1), latent_dim=3, hidden=(16,), posterior="planar"))
    assert np.abs(latent_codes(flow, X) - flow.posterior(X).mean()).max() > 1e-2
    assert posteriors(flow, [X])[1] is None
    plain = shaken(VAE((8, 8, 1), latent_dim=3, hidden=(16,)))
    np.testing.assert_array_equal(posteriors(plain, [X, X])[1][:5], plain.posterior(X).log_var)


@pytest.mark.slow
def test_the_latent_verbs_decode_the_codes_of_a_flow_vae(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run = train("flow_vae/digits", tmp_path / "run", epochs=1, strategy="none", say=lambda line: None)
    space = LatentSpace(run)
    np.testing.assert_allclose(space.decode(space.encode(X)), space.model.reconstruct(X), atol=1e-6)
    assert (tmp_path / "run" / "samples" / "traversal.png").exists()
    assert main(["latent", "traverse", str(run.path), "--steps", "3"]) == 0
    capsys.readouterr()
    assert main(["latent", "units", str(run.path)]) == 0
    assert "KL 0" not in capsys.readouterr().out
