"""The variational autoencoder.

Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), https://arxiv.org/abs/1312.6114.
Rezende, Mohamed and Wierstra, "Stochastic Backpropagation" (2014), https://arxiv.org/abs/1401.4082.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from ...core.checks import positive_integers
from ...core.errors import InputError, closest
from ...core.model import takes
from ...core.schedules import Schedule
from ...core.types import Array, Targets
from ...distributions.normal import DiagonalNormal, StandardNormal
from ...distributions.prior import Prior
from ...losses import normal_kl
from ..autoencoders.autoencoder import Autoencoder
from ..prior_sampling import PriorSampling
from .objectives import ELBO
from .priors import PRIORS
from .sampled_likelihood import SampledLikelihood


@keras.saving.register_keras_serializable("keraszoo")
class VAE(SampledLikelihood, PriorSampling, Autoencoder):
    """Minimises the negative ELBO, -E_q(z|x) log p(x|z) + beta KL(q(z|x) || p(z)), in nats per example.

    With a likelihood of levels, "discretized_logistic", the metric `bits_per_dimension` shows the bound (with beta 1,
    whatever beta the loss has) divided by log 2 and the values of an example.

    q(z|x) = N(mean(x), exp(log_var(x))) is a diagonal Gaussian; one z is drawn per example and step. Both terms are
    sums, over the pixels and over the latent units. `posterior(x)` is q(z|x), `encode(x)` its mean, `prior` is p(z).

    Args:
        image_shape, latent_dim, network, hidden, likelihood, decoder, ...: as for `Autoencoder`.
        objective: what is minimised; None: `ELBO()`, from one draw. `ImportanceWeighted` of
            `keraszoo.models.vae.importance_weighted` takes more.
        prior: p(z): "normal", N(0, I); "mixture" of Gaussians, learned; "vamp", the mean of the posteriors of learned
            pseudo-inputs; or a `keraszoo.distributions.Prior` of your own.
        prior_components: of a "mixture" (10 by default) or "vamp" (50), >= 1.
        beta: weight of the KL term, >= 0; or how it follows the training step, as `Schedule` takes it. The metric
            `beta` then shows it, and `kl` carries it.
        normalized: whether `beta` is Higgins' normalised one, beta M / N with M latent units and N values in an image;
            the KL is then multiplied by beta N / M.
        encoder: a network of your own returns [batch, 2 * latent_dim]: means, then log-variances.

    Example:
        >>> vae = VAE((8, 8, 1), latent_dim=2, hidden=(32,))
        >>> vae.compile("adam")
        >>> vae.sample(4, seed=0).shape, vae.posterior(tf.zeros([3, 8, 8, 1])).stddev().shape
        (TensorShape([4, 8, 8, 1]), TensorShape([3, 2]))
    """

    encoder_outputs = 2

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 16,
        *,
        objective: Any = None,
        prior: Any = "normal",
        prior_components: int | None = None,
        beta: Any = 1.0,
        normalized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(image_shape, latent_dim, **kwargs)
        if objective is not None and type(self).loss_terms is not VAE.loss_terms:
            raise InputError(f"{type(self).__name__} has an objective of its own. Received: objective={objective!r}.")
        self.objective = ELBO() if objective is None else objective
        self.beta_schedule, self.normalized = Schedule("beta", beta), bool(normalized)
        self.noise = keras.random.SeedGenerator()
        if prior_components is not None:
            (prior_components,) = positive_integers("prior_components", [prior_components])
        self.prior = self.made_prior(prior, prior_components)

    def made_prior(self, prior: Any, components: int | None) -> Any:
        """The prior of that name, or the object itself."""
        if isinstance(prior, Prior):
            return prior
        if prior not in PRIORS:
            raise InputError(f"Unknown prior. Received: {prior!r}. {closest(str(prior), PRIORS)}")
        return PRIORS[prior](self, components)

    def need_normal_prior(self) -> None:
        """Raises InputError unless the prior is N(0, I)."""
        if type(self.prior) is not StandardNormal:
            raise InputError(
                f"{type(self).__name__} is for the prior N(0, I). Received: {type(self.prior).__name__}. Nearest: "
                "prior='normal'."
            )

    # ------------------------------------------------------------------ the posterior

    @takes("inputs")
    def posterior(self, x: Array, training: bool = False) -> Any:
        """The posterior q(z|x) of each example: [batch, *image_shape] -> a `DiagonalNormal` of [batch, latent_dim]."""
        return self.posterior_given(x, None, training)

    def encode(self, x: Array, training: bool = False) -> tf.Tensor:
        """The posterior mean of each example, which `decode` takes: [batch, *image_shape] -> [batch, latent_dim]."""
        return self.posterior(x, training).center()

    def code_vectors(self, x: Array, seed: int = 0) -> tf.Tensor:
        """A draw from the posterior of each example: together they are what the decoder has learned from."""
        return self.posterior(x).sample(seed=seed)

    # What a conditional VAE writes anew; `condition` is what both networks are told besides, None here.

    def condition(self, y: Targets | None, rows: Any) -> tf.Tensor | None:
        return None

    def posterior_given(self, x: Array, condition: Array | None, training: bool = False) -> Any:
        return DiagonalNormal.of_output(self.encoder(self.network_input(x), training=training))

    def decoder_output(self, z: Array, condition: Array | None, training: bool = False) -> tf.Tensor:
        """The decoder's output for each z, [rows, latent_dim], as the likelihood takes it."""
        return self.decoder(z, training=training)

    # ------------------------------------------------------------------ the objective

    @property
    def term_names(self) -> tuple[str, ...]:
        return self.objective.term_names

    @property
    def beta(self) -> Any:
        """Beta in the next training step."""
        return self.beta_schedule(self.iterations)

    @property
    def kl_weight(self) -> Any:
        """What the KL is multiplied by."""
        return self.beta_schedule(self.iterations) * (
            math.prod(self.image_shape) / self.latent_dim if self.normalized else 1.0
        )

    @property
    def metric_names(self) -> tuple[str, ...]:
        beta = ("beta",) * self.beta_schedule.varies
        own = type(self).loss_terms is VAE.loss_terms  # otherwise the sum of the terms may be no bound
        return (*beta, *("bits_per_dimension",) * (own and self.likelihood.discrete))

    def kl(self, q: Any, z: Array, log_q: Array) -> tf.Tensor:
        """KL(q(z|x) || p(z)) of each example, in nats: exact where both are Gaussian, else estimated from one draw.

        Args:
            q: the posterior.
            z: a draw from it, [batch, latent_dim].
            log_q: log q(z|x), [batch].
        """
        if isinstance(q, DiagonalNormal) and type(self.prior) is StandardNormal:
            return normal_kl(q.loc, q.log_var)
        return log_q - self.prior.log_prob(z)

    def loss_terms(self, x: Array, y: Targets | None = None, training: bool = False) -> dict[str, tf.Tensor]:
        terms = self.objective.terms(self, x, self.condition(y, tf.shape(x)[0]), training)
        return {**terms, **self.scheduled(x)}

    def measured(self, negative_bound: Array) -> dict[str, tf.Tensor]:
        """`bits_per_dimension` of a bound of -log p(x) in nats, [batch], where it is shown: `{name: [batch]}`."""
        if "bits_per_dimension" not in self.metric_names:
            return {}
        return {"bits_per_dimension": tf.stop_gradient(negative_bound) / (math.prod(self.image_shape) * math.log(2.0))}

    def scheduled(self, x: Array) -> dict[str, tf.Tensor]:
        """The metric `beta`, where it follows the training step: `{name: [batch]}`."""
        return {"beta": tf.fill(tf.shape(x)[:1], self.beta)} if "beta" in self.metric_names else {}

    # ------------------------------------------------------------------ likelihood

    def log_likelihood_and_prior(
        self, x: Array, condition: Array, z: Array, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """log p(x|z) and log p(z) in nats: [batch, *image_shape], [batch, count, latent_dim] -> 2 x [batch, count]."""
        count, rows = tf.shape(z)[1], tf.reshape(z, [-1, self.latent_dim])
        condition = None if condition is None else tf.repeat(condition, count, axis=0)
        output = self.decoder_output(rows, condition, training)
        outputs = tf.reshape(output, [-1, count, *output.shape[1:]])
        log_likelihood = self.likelihood.log_prob_of_each(x, outputs, training)
        return log_likelihood, tf.reshape(self.prior.log_prob(rows), [-1, count])

    def log_weights(self, x: Array, noise: Array, condition: Array | None = None, training: bool = False) -> tf.Tensor:
        """log p(x|z) + log p(z) - log q(z|x) of draws from the posterior: the mean of exp of it is p(x), unbiased.

        Args:
            x: [batch, *image_shape].
            noise: [batch, count, latent_dim] from N(0, I); each becomes one draw.
            condition: what both networks are told besides, or None.

        Returns:
            [batch, count] float32, nats.
        """
        z, log_q = self.posterior_given(x, condition, training).draws(noise)
        log_likelihood, log_prior = self.log_likelihood_and_prior(x, condition, z, training)
        return log_likelihood + log_prior - log_q

    @takes("inputs")
    def negative_log_likelihood(
        self, x: Array, samples: int = 5000, *, seed: int = 0, rows: int = 4096, precision: str | None = None
    ) -> Any:
        """-log p(x) of each example by importance sampling from the posterior, in nats.

        Grey pixels under a Bernoulli likelihood have no p(x); binarise them.

        Args:
            x: [n, *image_shape].
            samples: draws per example; the more, the lower the value, and the nearer to -log p(x).
            seed: integer; the same seed gives the same values.
            rows: draws that are decoded at once, which bounds the memory.
            precision: "float32" or "bfloat16", of the decoder's products; None: bfloat16 where the processor has units
                for it and its error, measured on the first draws, is below a quarter of the sampling error.

        Returns:
            `Likelihoods(nll, error)`, [n] each: the values, and their standard errors over the draws; of one draw the
            error is None.

        Raises:
            InputError: no examples, examples of another shape or range, or a count below 1.

        Example:
            >>> vae = VAE((4, 4, 1), latent_dim=2, hidden=(8,))
            >>> vae.negative_log_likelihood(tf.zeros([3, 4, 4, 1]), samples=10).nll.shape
            (3,)
        """
        return self._importance_sampled((x,), samples, seed, rows, precision)

    # ------------------------------------------------------------------ data, pictures, serving

    def adapt(self, x: Array, y: Targets | None = None) -> None:
        """As an `Autoencoder`'s; also starts the prior, where it is measured on data."""
        super().adapt(x, y)
        if isinstance(self.prior, Prior) and self.prior.adapts:
            self.prior.adapt(self.inputs.tensor(x, type(self).__name__))

    def pictures(self, x: Array, seed: int = 0) -> dict[str, Any]:
        own = self.prior.pictures() if isinstance(self.prior, Prior) else {}
        return {**super().pictures(x, seed), **own}

    def _serve_encode(self, image):
        q = self.posterior(image)
        return {"latent": q.center(), "mean": q.mean(), "log_var": q.log_var}
