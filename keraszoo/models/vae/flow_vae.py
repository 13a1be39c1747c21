"""VAEs with normalizing flows as posterior and as prior.

Rezende and Mohamed, "Variational Inference with Normalizing Flows" (2015), https://arxiv.org/abs/1505.05770 (planar);
Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (2016),
https://arxiv.org/abs/1606.04934; van den Berg et al., "Sylvester Normalizing Flows for Variational Inference" (2018),
https://arxiv.org/abs/1803.05649; Chen et al., "Variational Lossy Autoencoder" (2017), https://arxiv.org/abs/1611.02731
(flow prior).
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability.python import bijectors as tfb
from tensorflow_probability.python import distributions as tfd

from ...bijectors import Autoregressive, Inverted, Planar, Radial, Sylvester
from ...bijectors.composition import forward_through, inverse_through
from ...core.checks import positive_integers
from ...core.errors import InputError, closest
from ...core.types import Array
from ...distributions.normal import DiagonalNormal
from ...distributions.prior import Prior
from ..flows.flow import Flow
from ..flows.maf import MAF
from ..flows.nsf import NSF
from ..flows.realnvp import RealNVP
from .priors import PRIORS
from .vae import VAE

POSTERIORS = {
    "planar": lambda size, index, **options: Planar(size, **options),
    "radial": lambda size, index, **options: Radial(size, **options),
    "sylvester": lambda size, index, **options: Sylvester(size, min(size, 8), **options),
    "iaf": lambda size, index, **options: Inverted(
        Autoregressive(size, "affine", order=("forward", "reverse")[index % 2], **options)
    ),
}
FLOWS = {"realnvp": RealNVP, "maf": MAF, "nsf": NSF}


@keras.saving.register_keras_serializable("keraszoo")
class FlowVAE(VAE):
    """A `VAE` whose q(z|x) is a Gaussian carried through a flow, and whose p(z) can be a flow or any distribution.

    With z_0 ~ N(mean(x), exp(log_var(x))) and z = flow(z_0; h(x)), the KL term is its estimate from the one draw,

        log q(z_0|x) - log |det dz/dz_0| - log p(z),

    which may be negative for an example. Without a flow on either side the KL is the VAE's exact one.

    Args:
        image_shape, latent_dim, ...: as for `VAE`.
        posterior: "gaussian" (no flow), "planar", "radial", "sylvester" or "iaf".
        posterior_transforms: how many of them, >= 1.
        prior: those of `VAE`, "vamp" without a posterior flow; "realnvp", "maf" or "nsf", learned; a `Flow` of
            (latent_dim,) of your own; or a TFP distribution of event_shape (latent_dim,) without variables.
        prior_transforms: transforms of a flow by name, >= 1.
        encoder: a network of your own returns [batch, 3 * latent_dim] where there is a posterior flow: means,
            log-variances, and the context h of the flow; else [batch, 2 * latent_dim].

    Example:
        >>> vae = FlowVAE((8, 8, 1), latent_dim=4, posterior="iaf", prior="realnvp", hidden=(32,))
        >>> vae.sample(2, seed=0).shape
        TensorShape([2, 8, 8, 1])
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        latent_dim: int = 16,
        *,
        posterior: Any = "planar",
        posterior_transforms: int = 4,
        prior: Any = "normal",
        prior_transforms: int = 4,
        **kwargs: Any,
    ) -> None:
        known = ("gaussian", *POSTERIORS)
        if posterior not in known:
            raise InputError(f"Unknown posterior. Received: {posterior!r}. {closest(str(posterior), known)}")
        if prior == "vamp" and posterior != "gaussian":
            raise InputError(
                "The prior 'vamp' is a mixture of posteriors without a flow. "
                f"Received: posterior={posterior!r}. Nearest: posterior='gaussian'."
            )
        self.encoder_outputs = 2 if posterior == "gaussian" else 3
        (self.prior_transforms,) = positive_integers("prior_transforms", [prior_transforms])
        super().__init__(image_shape, latent_dim, prior=prior, **kwargs)
        (count,) = positive_integers("posterior_transforms", [posterior_transforms])
        self.posterior_flow: tuple = ()
        if posterior != "gaussian":
            options = {"context_dim": self.latent_dim, "dtype": self._dtype_of_flows}
            make = POSTERIORS[posterior]
            self.posterior_flow = tuple(make(self.latent_dim, index, **options) for index in range(count))

    @property
    def _dtype_of_flows(self):
        """Codes are float32, whatever the networks compute in."""
        return "float32" if self.dtype_policy.compute_dtype == "float64" else self.dtype_policy

    def made_prior(self, prior: Any, components: int | None) -> Any:
        if isinstance(prior, str) and prior in FLOWS:
            return FLOWS[prior]((self.latent_dim,), transforms=self.prior_transforms, dtype=self._dtype_of_flows)
        if isinstance(prior, str) and prior not in PRIORS:
            known = (*PRIORS, *FLOWS)
            raise InputError(f"Unknown prior. Received: {prior!r}. {closest(prior, known)}")
        if isinstance(prior, (str, Prior)):
            return super().made_prior(prior, components)
        if isinstance(prior, tfd.Distribution):
            prior = Flow((self.latent_dim,), [tfb.Identity()], base=prior)
            self.recapture(prior=prior)
        if not isinstance(prior, Flow):
            raise InputError(f"A prior is a name, a Flow or a TFP distribution. Received: {type(prior).__name__}.")
        if prior.event_shape != (self.latent_dim,) or prior.condition_size:
            raise InputError(
                f"The prior is a flow of {(self.latent_dim,)} without a context. Received: one of "
                f"{prior.event_shape} with {prior.condition_size} values of context."
            )
        return prior

    def posterior_given(self, x: Array, condition: Array | None, training: bool = False) -> Any:
        output = tf.cast(self.encoder(self.network_input(x), training=training), tf.float32)
        mean, log_var, *context = tf.split(output, self.encoder_outputs, axis=-1)
        start = DiagonalNormal(mean, log_var)
        return FlowPosterior(start, self.posterior_flow, *context) if self.posterior_flow else start


class FlowPosterior:
    """A diagonal Gaussian of z_0 that a flow carries to z, for each row of a batch.

    Args:
        start: the `DiagonalNormal` of z_0.
        transforms: a tuple of `keraszoo.bijectors`, in the order from data's side.
        context: [batch, d], on which they depend.
    """

    def __init__(self, start, transforms, context):
        self.start, self.transforms, self.context = start, transforms, context

    def center(self):
        """What the flow makes of the mean of z_0: [batch, d]."""
        return forward_through(self.transforms, self.start.mean(), self.context)[0]

    def mean(self):
        """The mean of z_0: [batch, d]. That of z has no formula."""
        return self.start.mean()

    @property
    def log_var(self):
        """Of z_0."""
        return self.start.log_var

    def log_prob(self, z):
        """In nats: [batch, d] -> [batch]; for transforms that can be undone.

        Raises:
            InputError: for the others, Sylvester's: their draws come with their log-densities, see `draw`.
        """
        z_0, log_det = inverse_through(self.transforms, z, self.context)
        return self.start.log_prob(z_0) + log_det

    def sample(self, count=None, seed=None):
        """Draws: [count, batch, d], or [batch, d] for no count."""
        z_0 = self.start.sample(count, seed)
        if count is None:
            return forward_through(self.transforms, z_0, self.context)[0]
        rows, context = tf.reshape(z_0, [-1, z_0.shape[-1]]), tf.tile(self.context, [count, 1])
        return tf.reshape(forward_through(self.transforms, rows, context)[0], tf.shape(z_0))

    def draw(self, noise):
        """A reparameterised draw for each row, from a SeedGenerator, and its log-density: [batch, d], [batch]."""
        z_0, log_q = self.start.draw(noise)
        z, log_det = forward_through(self.transforms, z_0, self.context)
        return z, log_q - log_det

    def draws(self, normal):
        """Draws from noise of N(0, I), [batch, count, d], and their log-densities, [batch, count]."""
        z_0, log_q = self.start.draws(normal)
        rows, count = tf.reshape(z_0, [-1, z_0.shape[-1]]), tf.shape(normal)[1]
        z, log_det = forward_through(self.transforms, rows, tf.repeat(self.context, count, axis=0))
        return tf.reshape(z, tf.shape(z_0)), log_q - tf.reshape(log_det, tf.shape(log_q))
