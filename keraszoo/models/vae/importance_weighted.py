"""Bounds of log p(x) from several draws of the posterior, as what a VAE minimises.

Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders" (2016), https://arxiv.org/abs/1509.00519 (IWAE);
Rainforth, Kosiorek, Le, Maddison, Igl, Wood and Teh, "Tighter Variational Bounds are Not Necessarily Better" (2018),
https://arxiv.org/abs/1802.04537 (MIWAE, CIWAE, PIWAE); Tucker, Lawson, Gu and Maddison, "Doubly Reparameterized
Gradient Estimators for Monte Carlo Objectives" (2019), https://arxiv.org/abs/1810.04152 (DReG).
"""

import math
import numbers
import typing

import keras
import tensorflow as tf

from ...core.checks import positive_integers
from ...core.errors import InputError, closest
from ...distributions.normal import DiagonalNormal, normal_log_prob
from .objectives import ELBO

GRADIENTS = ("reparameterised", "dreg")
BOUNDS = ("iwae", "miwae", "ciwae", "piwae")
GROUPED = ("miwae", "piwae")  # which take m groups of k draws
LEAST_SHARE = 1e-20  # of a draw in the decoder's gradient, by which the encoder's is divided


class Shares(typing.NamedTuple):
    """A bound of several draws, and how much of its gradient comes from log w of each.

    Attributes:
        bound: [batch], that which the decoder raises.
        decoder: [batch, draws], its derivative in log w.
        encoder: [batch, draws], that of the bound which the encoder raises.
        path: [batch, draws], what stands in its place where only the draws move with the encoder, not the density in
            log w: the doubly reparameterised gradient.
    """

    bound: tf.Tensor
    decoder: tf.Tensor
    encoder: tf.Tensor
    path: tf.Tensor


@keras.saving.register_keras_serializable("keraszoo")
class ImportanceWeighted(ELBO):
    """-log 1/k sum_i w_i, w_i = p(x, z_i) / q(z_i|x) for k draws z_i from q(z|x), in nats, and what is made of it.

    With k the bound rises towards log p(x), and the encoder's gradient drowns in noise. Of Rainforth et al. (2018):

    - `bound="iwae"`: that one. k = 1 is the ELBO, its KL term estimated;
    - "miwae": the mean of m such bounds, each of k draws of its own;
    - "ciwae": c ELBO + (1 - c) IWAE of the same k draws, c = `elbo_weight`;
    - "piwae": the encoder learns from the "miwae" of m times k draws, the decoder and the prior from the "iwae" of all
      m k of them, which is the value that is shown.

    With a beta other than 1, the weight of log p(z_i) - log q(z_i|x) in log w_i, none is a bound of log p(x).

    Args:
        k: draws per example and step, and of "miwae" and "piwae" per group, >= 1.
        gradient: "reparameterised", or "dreg": the doubly reparameterised gradient. Both have the same expected value,
            but with k the encoder's drowns in noise by the first, and gets clearer by the second.
        bound: one of those above.
        m: groups of "miwae" and "piwae", >= 1; None: 8. The others have none.
        elbo_weight: c of "ciwae", from 0 to 1; None: 0.5. The others have none.

    Raises:
        InputError: impossible numbers and names, and m or elbo_weight for a bound that does not take it.
    """

    term_names: tuple[str, ...] = ("negative_bound",)

    def __init__(self, k=50, gradient="reparameterised", bound="iwae", m=None, elbo_weight=None):
        for name, value, known in (("gradient", gradient, GRADIENTS), ("bound", bound, BOUNDS)):
            if value not in known:
                raise InputError(f"Unknown {name}. Received: {value!r}. {closest(str(value), known)}")
        if m is not None and bound not in GROUPED:
            raise InputError(f"Only miwae and piwae have groups of draws. Received: m={m!r}, bound={bound!r}.")
        if elbo_weight is not None and bound != "ciwae":
            raise InputError(
                f"Only ciwae has a weight of the ELBO. Received: elbo_weight={elbo_weight!r}, bound={bound!r}."
            )
        (self.k,) = positive_integers("k", [k])
        (self.m,) = positive_integers("m", [(8 if bound in GROUPED else 1) if m is None else m])
        self.elbo_weight = (0.5 if bound == "ciwae" else 0.0) if elbo_weight is None else elbo_weight
        if not isinstance(self.elbo_weight, numbers.Real) or not 0 <= self.elbo_weight <= 1:
            raise InputError(f"elbo_weight must lie from 0 to 1. Received: elbo_weight={elbo_weight!r}.")
        self.gradient, self.bound = gradient, bound
        self._given = {"m": m, "elbo_weight": elbo_weight}

    def terms(self, vae, x, condition, training):
        shape = [tf.shape(x)[0], self.m * self.k, vae.latent_dim]
        noise = keras.random.normal(shape, dtype="float32", seed=vae.noise)
        q = vae.posterior_given(x, condition, training)
        if training and (self.gradient == "dreg" or self.bound == "piwae"):
            bound, exact = self._with_own_gradient(vae, x, condition, q, noise)
        else:
            z, log_q = q.draws(noise)
            log_w, exact = self._log_weights(vae, x, condition, z, log_q, training)
            bound = self._shares(log_w, vae.kl_weight).bound
        return {"negative_bound": -bound, **vae.measured(-self._shares(exact, 1.0).bound)}

    def _log_weights(self, vae, x, condition, z, log_q, training):
        """log p(x|z) + beta (log p(z) - log q(z|x)), and the same with beta 1: [batch, draws] each."""
        log_likelihood, log_prior = vae.log_likelihood_and_prior(x, condition, z, training)
        exact = log_likelihood + log_prior - log_q
        return exact + (vae.kl_weight - 1.0) * (log_prior - log_q), exact

    def _shares(self, log_w, beta):
        """The `Shares` of weights, [batch, draws].

        With v_i = w_i / sum_j w_j of a group, "dreg" is sum_i v_i (1 - beta (1 - v_i)) dlog w_i/dz_i dz_i, equation 8
        of Tucker et al. (2019), whose beta is 1 and whose factor is v_i^2. Of the ELBO, a bound of single draws, it
        is the mean of dlog w_i/dz_i dz_i.
        """
        m, k, c = self.m, self.k, self.elbo_weight
        grouped = tf.reshape(log_w, [-1, m, k])
        v = tf.reshape(tf.nn.softmax(grouped, axis=2), [-1, m * k])
        encoder = (c / k + (1.0 - c) * v) / m
        path = (c / k + (1.0 - c) * v * (1.0 - beta * (1.0 - v))) / m
        if self.bound == "piwae":
            return Shares(log_mean(log_w), tf.nn.softmax(log_w, axis=1), encoder, path)
        of_groups = tf.reduce_logsumexp(grouped, axis=2) - math.log(k)
        bound = c * tf.reduce_mean(log_w, axis=1) + (1.0 - c) * tf.reduce_mean(of_groups, axis=1)
        return Shares(bound, encoder, encoder, path)

    def _with_own_gradient(self, vae, x, condition, q, noise):
        """The bound, [batch], with one gradient for the decoder and another for the encoder, in one pass backward, and
        the weights with beta 1, [batch, draws].

        The decoder gets its share of each dlog w_i; where the slope leaves z_i (and, without "dreg", log q(z_i|x)) for
        the encoder it is multiplied by the encoder's share over the decoder's.
        """
        beta, shares = vae.kl_weight, []

        @tf.custom_gradient
        def to_encoder(values):
            def backward(slope):
                wanted = shares[0].path if self.gradient == "dreg" else shares[0].encoder
                ratio = wanted / shares[0].decoder
                return slope * (ratio[..., None] if len(slope.shape) == 3 else ratio)

            return tf.identity(values), backward

        @tf.custom_gradient
        def bound_of(log_w):
            return tf.identity(shares[0].bound), lambda slope: slope[:, None] * shares[0].decoder

        if self.gradient == "dreg":
            if not isinstance(q, DiagonalNormal):
                raise InputError(
                    "The doubly reparameterised gradient is that of a Gaussian posterior. Received: a "
                    f"{type(q).__name__}. Nearest: gradient='reparameterised'."
                )
            mean, log_var = q.loc[:, None], q.log_var[:, None]
            z = to_encoder(mean + tf.exp(0.5 * log_var) * noise)
            log_q = normal_log_prob(z, tf.stop_gradient(mean), tf.stop_gradient(log_var))
        else:
            z, log_q = map(to_encoder, q.draws(noise))
        log_w, exact = self._log_weights(vae, x, condition, z, log_q, training=True)
        found = self._shares(tf.stop_gradient(log_w), beta)
        shares.append(found._replace(decoder=tf.maximum(found.decoder, LEAST_SHARE)))  # before a gradient asks for it
        return bound_of(log_w), exact

    def get_config(self):
        return {"k": self.k, "gradient": self.gradient, "bound": self.bound, **self._given}


def log_mean(log_weights):
    """log 1/k sum_i exp(log_weights_i): [batch, k] -> [batch]."""
    k = tf.cast(tf.shape(log_weights)[1], tf.float32)
    return tf.reduce_logsumexp(log_weights, axis=1) - tf.math.log(k)
