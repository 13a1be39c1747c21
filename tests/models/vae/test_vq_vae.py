"""Vector quantisation, the PixelCNN and the VQ-VAE: brute force, closed formulas, k-means, and all codes summed up."""

import itertools
import math
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.spatial.distance import cdist
from scipy.stats import chisquare
from sklearn.cluster import KMeans

from keraszoo.core.errors import InputError
from keraszoo.distributions import Gaussian
from keraszoo.layers.vector_quantization import VectorQuantizer, perplexity
from keraszoo.models import VQVAE
from keraszoo.models.abilities import Decodes
from keraszoo.networks.pixelcnn import PixelCNN
from keraszoo.recipes import get
from keraszoo.runs.run import Run
from keraszoo.training.latent.space import LatentSpace
from keraszoo.training.loop.state import ModelState


def vectors(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def quantizer(codebook, **options):
    layer = VectorQuantizer(*codebook.shape, **options)
    layer.codebook.assign(codebook)
    if layer.learning == "ema":
        layer.sums.assign(codebook)
    return layer


# ---------------------------------------------------------------------- nearest codewords


@pytest.mark.parametrize("learning", ["ema", "gradient"])
def test_the_nearest_codeword_is_that_of_brute_force(learning):
    z, codebook = vectors(5, 6, 7, 4), 3 + vectors(20, 4, seed=1)
    layer = quantizer(codebook, learning=learning)
    found = layer(z)
    brute = cdist(z.reshape(-1, 4), codebook).argmin(axis=1).reshape(5, 6, 7)
    np.testing.assert_array_equal(found.codes, brute)
    np.testing.assert_array_equal(layer.nearest(z), brute)
    np.testing.assert_array_equal(found.vectors, codebook[brute])
    np.testing.assert_array_equal(layer.embed(brute), codebook[brute])
    np.testing.assert_array_equal(found.counts, np.bincount(brute.ravel(), minlength=20))
    squares = np.sum(np.square(z - codebook[brute]), axis=-1)
    np.testing.assert_allclose(found.codebook, squares, rtol=1e-5)
    np.testing.assert_allclose(found.commitment, 0.25 * squares, rtol=1e-5)


def test_of_equally_near_codewords_the_first_is_taken():
    layer = quantizer(np.array([[1.0], [-1.0], [1.0]], "float32"))
    np.testing.assert_array_equal(layer.nearest([[0.0], [2.0], [-3.0]]), [0, 0, 1])


def test_the_gradient_goes_straight_through():
    z, upstream = tf.constant(vectors(5, 3)), vectors(5, 3, seed=2)
    layer = quantizer(vectors(4, 3, seed=1), learning="gradient")
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = tf.reduce_sum(upstream * layer(z).vectors)
    to_z, to_codebook = tape.gradient(value, [z, layer.codebook.value])
    np.testing.assert_array_equal(to_z, upstream)
    assert to_codebook is None


def test_the_commitment_moves_vectors_and_the_codebook_term_codewords():
    z = tf.constant(vectors(6, 3))
    layer = quantizer(vectors(2, 3, seed=1), learning="gradient", beta=0.5)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        found = layer(z)
        commitment, codebook = tf.reduce_sum(found.commitment), tf.reduce_sum(found.codebook)
    e = np.asarray(found.vectors)
    np.testing.assert_allclose(tape.gradient(commitment, z), 2 * 0.5 * (z - e), rtol=1e-5)
    assert tape.gradient(commitment, layer.codebook.value) is None
    assert tape.gradient(codebook, z) is None
    codewords, codes = np.asarray(layer.codebook), np.asarray(found.codes)
    counts = np.bincount(codes, minlength=2)
    assert counts.min() > 0
    means = np.stack([np.mean(z[codes == code], axis=0) for code in range(2)])
    expected = 2 * counts[:, None] * (codewords - means)  # 2 (e - mean z) for each vector that chose it
    np.testing.assert_allclose(tape.gradient(codebook, layer.codebook.value), expected, rtol=1e-4, atol=1e-5)


def test_it_computes_in_float32_whatever_the_policy():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = VectorQuantizer(4, 2)
    finally:
        keras.config.set_dtype_policy("float32")
    found = layer(tf.constant(vectors(5, 2)))
    assert found.vectors.dtype == found.commitment.dtype == "float32"
    assert layer(tf.cast(vectors(5, 2), tf.float16)).vectors.dtype == "float32"


def test_perplexity_counts_the_codewords_in_use():
    assert float(perplexity(tf.fill([7], 3.0))) == pytest.approx(7, rel=1e-6)
    assert float(perplexity(tf.constant([0.0, 9.0, 0.0]))) == 1.0
    assert float(perplexity(tf.constant([1.0, 3.0]))) == pytest.approx(4 / 3**0.75, rel=1e-6)


# ---------------------------------------------------------------------- how the codebook learns


def test_a_step_of_the_moving_averages_is_their_formula():
    z, codebook = vectors(40, 3), vectors(5, 3, seed=1)
    layer = quantizer(codebook, decay=0.9, smoothing=1e-2)
    codes = np.asarray(layer(z, training=True).codes)
    chosen = np.eye(5)[codes]
    counts, sums = 0.9 + 0.1 * chosen.sum(axis=0), 0.9 * codebook + 0.1 * chosen.T @ z
    smoothed = (counts + 1e-2) / (counts.sum() + 5e-2) * counts.sum()
    np.testing.assert_allclose(layer.counts, counts, rtol=1e-5)
    np.testing.assert_allclose(layer.sums, sums, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer.codebook, sums / smoothed[:, None], rtol=1e-4, atol=1e-5)


def test_without_memory_a_step_is_one_of_k_means():
    z = vectors(200, 2) + np.repeat([[0, 0], [3, 0], [0, 3], [3, 3]], 50, axis=0).astype("float32")
    start = z[[0, 50, 100, 150]]
    layer = quantizer(start, decay=0.0)
    layer(z, training=True)
    with warnings.catch_warnings(action="ignore"):  # that it has not converged
        once = KMeans(4, init=start, n_init=1, max_iter=1).fit(z)
    np.testing.assert_allclose(layer.codebook, once.cluster_centers_, rtol=1e-4, atol=1e-5)


def test_the_answer_is_that_of_the_codebook_before_the_step():
    z, codebook = vectors(40, 3), vectors(5, 3, seed=1)
    layer = quantizer(codebook, decay=0.0)
    found = tf.function(layer, autograph=False)(tf.constant(z), training=True)
    np.testing.assert_array_equal(found.vectors, codebook[np.asarray(found.codes)])
    assert np.abs(layer.codebook - codebook).max() > 0.1


@pytest.mark.parametrize("options", [{}, {"restart": 0.5}, {"learning": "gradient"}])
def test_nothing_moves_at_inference(options):
    layer = quantizer(vectors(5, 3), **options)
    before = layer.get_weights()
    layer(vectors(40, 3), training=False)
    for one, other in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_dead_codewords_become_vectors_of_the_batch():
    z = vectors(4, 5, 3)
    codebook = np.concatenate([vectors(2, 3, seed=1), np.full([6, 3], 50.0, "float32")])  # six that nothing chooses
    layer = quantizer(codebook, decay=0.5, restart=0.2, smoothing=1e-9)
    layer(z, training=True)
    assert np.asarray(layer.codebook)[2:].min() == pytest.approx(50.0)  # N = .5, and .2 times their mean is .35
    layer(z, training=True)  # .25, and .425
    restarted = np.asarray(layer.codebook)[2:]
    distances = cdist(restarted, z.reshape(-1, 3))
    assert distances.min(axis=1).max() < 1e-5
    assert len(set(distances.argmin(axis=1))) == 6  # none is drawn twice
    counts = np.asarray(layer.counts)
    np.testing.assert_allclose(counts[2:], counts[2], rtol=1e-6)
    assert 1.0 < counts[2] < counts[:2].mean()
    assert len(set(np.asarray(layer(z).codes).ravel())) >= 6


def test_with_fewer_vectors_than_dead_codewords_some_are_drawn_twice():
    layer = quantizer(np.full([8, 2], 50.0, "float32") + np.arange(8, dtype="float32")[:, None], decay=0.0, restart=0.5)
    z = vectors(3, 2)
    layer(z, training=True)
    assert cdist(np.asarray(layer.codebook)[1:], z).min(axis=1).max() < 1e-3


# ---------------------------------------------------------------------- the prior


def prior(grid, codes, scale=1.0, seed=0, **options):
    """A PixelCNN whose weights are all random."""
    keras.utils.set_random_seed(seed)
    model = PixelCNN(grid, codes, **options)
    random = np.random.default_rng(seed)
    model.set_weights(
        [scale * random.normal(size=w.shape) / math.sqrt(max(1, w.shape[0])) for w in model.get_weights()]
    )
    return model


@pytest.mark.parametrize(
    ("grid", "kernel", "layers"), [((4, 5), 3, None), ((5, 4), 5, None), ((1, 6), 3, None), ((6, 1), 3, None)]
)
@pytest.mark.by_default("grid1-5-None", "grid3-3-None")
def test_each_position_sees_all_the_positions_before_it_and_no_other(grid, kernel, layers):
    model = prior(grid, 3, filters=8, kernel=kernel, layers=layers)
    positions = math.prod(grid)
    x = tf.constant(vectors(1, *grid, 3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = tf.reshape(model.logits(x), [positions, 3])
    jacobian = tape.jacobian(logits, x)
    influence = np.abs(np.reshape(jacobian, [positions, 3, positions, 3])).max(axis=(1, 3))
    sees = influence > 0
    np.testing.assert_array_equal(sees, np.tril(np.ones([positions, positions], bool), -1))


def test_a_layer_reaches_as_far_as_its_kernel():
    model = prior((5, 7), 2, filters=16, layers=1)
    x = tf.constant(vectors(1, 5, 7, 2))
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_sum(model.logits(x)[0, 3, 3])
    seen = np.abs(tape.gradient(value, x)).max(axis=(0, 3)) > 0
    expected = np.zeros([5, 7], bool)
    expected[3, 1:3] = True
    expected[1:3, 2:5] = True
    np.testing.assert_array_equal(seen, expected)


def test_the_probabilities_of_all_codes_sum_to_one():
    model = prior((2, 2), 3, scale=2.0, filters=8)
    every = np.array(list(itertools.product(range(3), repeat=4))).reshape(-1, 2, 2)
    log_probs = np.asarray(model.log_prob(every))
    assert np.sum(np.exp(log_probs.astype("float64"))) == pytest.approx(1.0, abs=1e-5)
    assert np.ptp(log_probs) > 1.0


def test_samples_are_as_frequent_as_probable():
    model = prior((2, 2), 2, scale=2.0, filters=8)
    every = np.array(list(itertools.product(range(2), repeat=4))).reshape(-1, 2, 2)
    probabilities = np.exp(np.asarray(model.log_prob(every), "float64"))
    seeds = tf.range(4000, dtype=tf.int64)
    of_rows = tf.function(model.sample_rows, autograph=False)(seeds, tf.ones([4000]))
    for drawn in (model.sample(4000, seed=3), of_rows):
        numbers = np.asarray(drawn).reshape(-1, 4) @ [8, 4, 2, 1]
        observed = np.bincount(numbers, minlength=16)
        common = 4000 * probabilities >= 5  # the others are counted together
        expected = np.append(4000 * probabilities[common], 4000 * probabilities[~common].sum() + 1e-9)
        counted = np.append(observed[common], observed[~common].sum() + 1e-9)
        expected *= counted.sum() / expected.sum()
        assert len(expected) > 5 and chisquare(counted, expected).pvalue > 1e-3


def test_without_temperature_the_most_probable_code_is_drawn():
    model = prior((2, 3), 4, filters=8)
    codes = np.asarray(model.sample(5, seed=0, temperature=0.0))
    np.testing.assert_array_equal(codes, np.argmax(model(codes), axis=-1))
    assert (codes == codes[0]).all()


def test_a_row_is_drawn_from_its_own_seed_alone():
    model = prior((3, 3), 5, filters=8)
    together = model.sample_rows(tf.constant([4, 7, 9], tf.int64), tf.ones([3]))
    alone = model.sample_rows(tf.constant([7], tf.int64), tf.ones([1]))
    np.testing.assert_array_equal(together[1:2], alone)


@pytest.mark.slow
def test_the_prior_learns_what_is_certain():
    """Grids of one code each: once the first is known, so are the others, and log 4 nats remain."""
    codes = np.repeat(np.arange(4), 16)[:, None, None] * np.ones([1, 2, 3], int)
    keras.utils.set_random_seed(0)
    model = PixelCNN((2, 3), 4, filters=16)
    optimizer = keras.optimizers.Adam(1e-2)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(model.log_prob(codes))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    for _ in range(150):
        loss = step()
    assert float(loss) == pytest.approx(math.log(4), abs=0.02)


# ---------------------------------------------------------------------- the model


def small(**options):
    options = {"num_codes": 8, "code_dim": 4, "hidden": (8, 8), "residual_blocks": 1, "prior_filters": 8} | options
    model = VQVAE((8, 8, 1), **options)
    model.compile(keras.optimizers.Adam(1e-2), prior_optimizer=keras.optimizers.Adam(1e-2))
    return model


def images(count, seed=0):
    return np.random.default_rng(seed).random((count, 8, 8, 1), "float32")


def test_the_terms_are_those_of_the_paper():
    model, x = small(learning="gradient", commitment=0.5, likelihood=Gaussian(0.5)), images(6)
    z = np.asarray(model.encoder(x))
    codes = np.asarray(model.encode(x))
    e = np.asarray(model.quantizer.codebook)[codes]
    terms = model.loss_terms(x)
    assert list(terms) == ["reconstruction", "commitment", "codebook", "prior", "perplexity"]
    squares = np.square(z - e).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(terms["codebook"], squares, rtol=1e-4)
    np.testing.assert_allclose(terms["commitment"], 0.5 * squares, rtol=1e-4)
    decoded = np.asarray(model.decoder(e))
    nll = np.square(x - decoded).sum(axis=(1, 2, 3)) / (2 * 0.25) + 64 * (math.log(0.5) + 0.5 * math.log(2 * math.pi))
    np.testing.assert_allclose(terms["reconstruction"], nll, rtol=1e-4)
    np.testing.assert_allclose(model.log_joint(x), -terms["reconstruction"] - terms["prior"], rtol=1e-4)
    shares = np.bincount(codes.ravel(), minlength=8) / codes.size
    entropy = -np.sum(shares[shares > 0] * np.log(shares[shares > 0]))
    np.testing.assert_allclose(terms["perplexity"], math.exp(entropy), rtol=1e-5)


@pytest.mark.slow
def test_each_update_changes_its_own_weights_and_the_codebook_moves_once():
    x = images(16)
    for name, options in {"ema": {"decay": 0.9}, "gradient": {"learning": "gradient"}}.items():
        keras.utils.set_random_seed(0)
        model = small(**options)
        z = np.asarray(model.encoder(x)).reshape(-1, 4)
        codes = np.asarray(model.encode(x)).ravel()
        before = np.asarray(model.quantizer.codebook)
        model.train_on_batch(x)
        if name == "ema":
            np.testing.assert_allclose(model.quantizer.counts, 0.9 + 0.1 * np.bincount(codes, minlength=8), rtol=1e-5)
            np.testing.assert_allclose(
                model.quantizer.sums, 0.9 * before + 0.1 * np.eye(8)[codes].T @ z, rtol=1e-3, atol=1e-4
            )
        assert np.abs(model.quantizer.codebook - before).max() > 1e-3
    networks, prior_weights = model.encoder.get_weights() + model.decoder.get_weights(), model.prior.get_weights()
    model.prior_optimizer.learning_rate.assign(0.0)
    model.train_on_batch(x)
    assert difference(model.prior.get_weights(), prior_weights) == 0
    assert difference(model.encoder.get_weights() + model.decoder.get_weights(), networks) > 1e-3
    networks, codebook = model.encoder.get_weights() + model.decoder.get_weights(), np.asarray(model.quantizer.codebook)
    model.prior_optimizer.learning_rate.assign(0.01)
    model.optimizer.learning_rate.assign(0.0)
    model.train_on_batch(x)
    assert difference(model.prior.get_weights(), prior_weights) > 1e-3
    assert difference(model.encoder.get_weights() + model.decoder.get_weights(), networks) == 0
    np.testing.assert_array_equal(model.quantizer.codebook, codebook)


def difference(one, other):
    return max(np.abs(a - b).max() for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("options", [{"decay": 0.5, "restart": 0.6}, {"learning": "gradient"}])
@pytest.mark.slow
def test_two_replicas_learn_the_codebook_that_one_learns(options, mirrored, same_noise):
    """Restarts included; the last batch has one example, so that one replica gets none."""
    learned = []
    for strategy in (tf.distribute.get_strategy(), mirrored):
        keras.utils.set_random_seed(1)
        with strategy.scope():
            model = small(**options)
            model.compile(
                keras.optimizers.Adam(1e-2, epsilon=1.0), prior_optimizer=keras.optimizers.Adam(1e-2, epsilon=1.0)
            )
        history = model.fit(images(17), batch_size=8, epochs=3, shuffle=False, verbose=0).history
        learned.append([*model.get_weights(), history["perplexity"]])
    assert difference(*[weights[:-1] for weights in learned]) <= 1e-6
    np.testing.assert_allclose(learned[0][-1], learned[1][-1], rtol=1e-5)


@pytest.mark.slow
def test_a_resumed_training_restarts_the_same_codewords():
    x = images(32)
    model = small(decay=0.5, restart=0.6)
    model.fit(x, batch_size=8, shuffle=False, verbose=0)
    state = ModelState(model)
    resumed = small(decay=0.5, restart=0.6)
    resumed.fit(x[:8], batch_size=8, verbose=0)  # which makes the optimizers' variables and moves the seeds
    ModelState(resumed).set(state.get(), state.names)
    before = np.asarray(model.quantizer.codebook)
    for each in (model, resumed):
        each.fit(x, batch_size=8, shuffle=False, verbose=0)
    assert difference(model.get_weights(), resumed.get_weights()) == 0
    assert np.abs(model.quantizer.codebook - before).max() > 0.01


@pytest.mark.slow
def test_restarts_keep_the_codebook_in_use():
    kinds = np.random.default_rng(0).integers(0, 2, (16, 8, 8, 1)).astype("float32")
    x, used = np.tile(kinds, [4, 1, 1, 1]), []
    for restart in (0.0, 0.1):
        keras.utils.set_random_seed(0)
        model = small(num_codes=32, decay=0.8, restart=restart)
        model.fit(x, batch_size=32, epochs=40, verbose=0)
        used.append(float(model.loss_terms(x)["perplexity"][0]))
    assert used[1] > 1.5 * used[0], used


@pytest.mark.slow
def test_the_first_fit_starts_the_codebook_on_all_of_its_data_and_no_later_one():
    model, x = small(), images(64)
    model.compile(keras.optimizers.SGD(0.0), prior_optimizer=keras.optimizers.SGD(0.0))
    before = np.array(model.quantizer.codebook)
    model.fit(x, batch_size=32, epochs=1, verbose=0)
    started = np.array(model.quantizer.codebook)
    assert not np.array_equal(started, before)
    one, other = small(restart=0.0), small(restart=0.0)
    other.set_weights(one.get_weights())
    other.adapt(x)
    for each in (one, other):
        each.compile(keras.optimizers.SGD(0.0), prior_optimizer=keras.optimizers.SGD(0.0))
        each.fit(x, batch_size=32, epochs=1, shuffle=False, verbose=0)
    np.testing.assert_array_equal(np.array(one.quantizer.codebook), np.array(other.quantizer.codebook))
    learned = np.array(one.quantizer.codebook)
    one.fit(images(64, seed=1), batch_size=32, initial_epoch=1, epochs=1, verbose=0)  # no step
    np.testing.assert_array_equal(np.array(one.quantizer.codebook), learned)


def test_codes_and_images_go_both_ways():
    model, x = small(), images(5)
    codes = model.encode(x)
    assert codes.shape == (5, 2, 2) and codes.dtype == "int32"
    np.testing.assert_array_equal(model.reconstruct(x), model.decode(codes))
    np.testing.assert_allclose(model(x), model.reconstruct(x), atol=1e-6)
    np.testing.assert_array_equal(model.sample(3, seed=1), model.decode(model.sample_latent(3, seed=1)))


def test_networks_of_your_own_take_their_places():
    encoder = keras.Sequential([keras.layers.Conv2D(3, 4, strides=4)])
    decoder = keras.Sequential([keras.layers.Conv2DTranspose(1, 4, strides=4)])
    model = VQVAE((8, 12, 1), num_codes=4, code_dim=3, encoder=encoder, decoder=decoder)
    assert model.encode(np.zeros([2, 8, 12, 1], "float32")).shape == (2, 2, 3)
    again = VQVAE.from_config(model.get_config())
    again.set_weights(model.get_weights())
    assert again.grid == (2, 3)
    np.testing.assert_array_equal(again.sample(2, seed=0), model.sample(2, seed=0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: VQVAE((8, 8, 1), num_codes=1), "num_codes is the number of codewords, .* >= 2. Received: num_codes=1"),
        (lambda: VQVAE((8, 8, 1), num_codes=2.5), "an integer >= 2. Received: num_codes=2.5"),
        (lambda: VQVAE((8, 8, 1), code_dim=0), "code_dim must be made of integers >= 1. Received: 0"),
        (lambda: VQVAE((10, 8, 1)), r"divisible by 4. Received: \(10, 8\). Nearest: \(8, 8\)"),
        (lambda: VQVAE((64,)), r"takes images of shape \(height, width, channels\). Received: image_shape=\(64,\)"),
        (lambda: VQVAE((8, 8, 1), residual_blocks=-1), "residual blocks must be an integer >= 0. Received: -1"),
        (lambda: VQVAE((8, 8, 1), learning="ena"), "Received: learning='ena'. Closest: ema"),
        (lambda: VQVAE((8, 8, 1), decay=1.0), r"decay must lie in \[0, 1\). Received: decay=1.0"),
        (lambda: VQVAE((8, 8, 1), commitment=-1), "must be >= 0. Received: beta=-1"),
        (lambda: VQVAE((8, 8, 1), learning="gradient", restart=0.1), "Nearest: restart=0"),
        (lambda: VQVAE((8, 8, 1), prior_kernel=4), "an odd number >= 3. Received: kernel=4"),
        (lambda: VectorQuantizer(4, 0), "length must be an integer >= 1. Received: dim=0"),
        (lambda: VectorQuantizer(4, 2, smoothing=0), "smoothing must be > 0. Received: smoothing=0"),
        (lambda: VectorQuantizer(4, 2)(np.zeros([3, 5], "float32")), "vectors of length 2. Received: "),
        (lambda: PixelCNN((2, 2, 2), 3), r"a grid \(height, width\). Received: grid=\(2, 2, 2\)"),
        (lambda: small().fit(2 * images(4), verbose=0), "takes values from 0 to 1. Received: x from"),
        (lambda: small().decode(np.zeros([2, 2, 2])), r"decodes integers of shape \(None, 2, 2\). Received: float64"),
        (lambda: small().decode(np.zeros([2, 3, 2], int)), r"decodes integers of shape \(None, 2, 2\)"),
        (lambda: small().decode(np.full([2, 2, 2], 8)), "are from 0 to 7. Received: 8 to 8"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(make, message):
    with pytest.raises(InputError, match=message) as error:
        make()
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_codes_that_are_no_vectors_have_no_latent_pictures(tmp_path):
    run = Run.create(tmp_path / "run", get("vq_vae/digits"))
    run.save_model(small())
    with pytest.raises(InputError, match="VQVAE has no latent space from which it decodes samples") as error:
        LatentSpace(run, Decodes)
    assert "\n" not in str(error.value)
    assert LatentSpace(run).encode(images(3)).shape == (3, 4)


def test_a_decoder_gives_as_many_numbers_as_its_likelihood_takes():
    likelihood = {"name": "discretized_logistic", "levels": 17}
    model = VQVAE(
        (8, 8, 1), num_codes=4, code_dim=2, hidden=(4,), residual_blocks=0, prior_filters=4, likelihood=likelihood
    )
    x = np.random.default_rng(0).integers(0, 17, (3, 8, 8, 1)).astype("float32") / 16
    assert model.decoder.output_shape[1:] == (8, 8, 2) and model.reconstruct(x).shape == x.shape
    assert np.all(np.asarray(model.loss_terms(x)["reconstruction"]) > 0)  # probabilities, not densities
