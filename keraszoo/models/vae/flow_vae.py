"""VAEs with normalizing flows as posterior and as prior.

Rezende and Mohamed, "Variational Inference with Normalizing Flows" (2015), https://arxiv.org/abs/1505.05770 (planar);
Kingma et al., "Improved Variational Inference with Inverse Autoregressive Flow" (2016),
https://arxiv.org/abs/1606.04934; van den Berg et al., "Sylvester Normalizing Flows for Variational Inference" (2018),
https://arxiv.org/abs/1803.05649; Chen et al., "Variational Lossy Autoencoder" (2017), https://arxiv.org/abs/1611.02731
(flow prior).
"""

import keras
import tensorflow as tf
from tensorflow_probability.python import bijectors as tfb
from tensorflow_probability.python import distributions as tfd

from ...bijectors import Autoregressive, Inverted, Planar, Radial, Sylvester
from ...bijectors.composition import forward_through
from ...errors import InputError, closest
from ...layers.sizes import positive_integers
from ...losses import normal_log_prob
from ..flows.flow import Flow
from ..flows.maf import MAF
from ..flows.nsf import NSF
from ..flows.realnvp import RealNVP
from .mixture_prior import MixturePrior
from .vae import VAE

POSTERIORS = {
    "planar": lambda size, index, **options: Planar(size, **options),
    "radial": lambda size, index, **options: Radial(size, **options),
    "sylvester": lambda size, index, **options: Sylvester(size, min(size, 8), **options),
    "iaf": lambda size, index, **options: Inverted(
        Autoregressive(size, "affine", order=("forward", "reverse")[index % 2], **options)
    ),
}
PRIORS = {"realnvp": RealNVP, "maf": MAF, "nsf": NSF}


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
        prior: "normal", N(0, I); "mixture" of Gaussians, learned; "realnvp", "maf" or "nsf", learned; a `Flow` of
            (latent_dim,) of your own; or a TFP distribution of event_shape (latent_dim,) without variables.
        prior_transforms: transforms of a flow by name, >= 1.
        prior_components: Gaussians of a "mixture", >= 1.
        encoder: a network of your own returns [batch, 3 * latent_dim] where there is a posterior flow: means,
            log-variances, and the context h of the flow; else [batch, 2 * latent_dim].

    Example:
        >>> vae = FlowVAE((8, 8, 1), latent_dim=4, posterior="iaf", prior="realnvp", hidden=(32,))
        >>> vae.sample(2, seed=0).shape
        TensorShape([2, 8, 8, 1])
    """

    def __init__(
        self,
        image_shape,
        latent_dim=16,
        *,
        posterior="planar",
        posterior_transforms=4,
        prior="normal",
        prior_transforms=4,
        prior_components=10,
        **kwargs,
    ):
        known = ("gaussian", *POSTERIORS)
        if posterior not in known:
            raise InputError(f"Unknown posterior. Received: {posterior!r}. {closest(str(posterior), known)}")
        self.posterior_name = posterior
        self.codes = 2 if posterior == "gaussian" else 3
        super().__init__(image_shape, latent_dim, **kwargs)
        self.posterior_transforms = positive_integers("posterior_transforms", [posterior_transforms])[0]
        self.prior_transforms = positive_integers("prior_transforms", [prior_transforms])[0]
        self.prior_components = positive_integers("prior_components", [prior_components])[0]
        self.posterior = []
        if posterior != "gaussian":
            options = {"context_dim": self.latent_dim, "dtype": self.dtype_policy}
            make = POSTERIORS[posterior]
            self.posterior = [make(self.latent_dim, index, **options) for index in range(self.posterior_transforms)]
        self._prior, self.prior = prior, self._made(prior)

    def _made(self, prior):
        """The prior as a `Flow` or `MixturePrior`, or None for N(0, I)."""
        if isinstance(prior, str):
            known = ("normal", "mixture", *PRIORS)
            if prior not in known:
                raise InputError(f"Unknown prior. Received: {prior!r}. {closest(prior, known)}")
            if prior == "normal":
                return None
            if prior == "mixture":
                return MixturePrior(self.latent_dim, self.prior_components, dtype="float32")
            return PRIORS[prior]((self.latent_dim,), transforms=self.prior_transforms, dtype=self.dtype_policy)
        if isinstance(prior, tfd.Distribution):
            prior = Flow((self.latent_dim,), [tfb.Identity()], base=prior)
        if not isinstance(prior, Flow):
            raise InputError(f"A prior is a name, a Flow or a TFP distribution. Received: {type(prior).__name__}.")
        if prior.event_shape != (self.latent_dim,) or prior.condition_size:
            raise InputError(
                f"The prior is a flow of {(self.latent_dim,)} without a context. Received: one of "
                f"{prior.event_shape} with {prior.condition_size} values of context."
            )
        return prior

    def encode(self, x, training=False):
        """The Gaussian that the flow starts from: [batch, *image_shape] -> mean and log_var, [batch, latent_dim]."""
        return self._codes(x, training)[:2]

    def _codes(self, x, training=False):
        """mean, log_var, and the flow's context where there is a flow."""
        return tf.split(tf.cast(self.encoder(x, training=training), tf.float32), self.codes, axis=-1)

    def through_posterior(self, z, context):
        """z_0 to z and log |det dz/dz_0| by the posterior's flow."""
        return forward_through(self.posterior, z, context)

    def posterior_draws(self, x, noise, training=False):
        mean, log_var, *context = self._codes(x, training)
        mean, log_var, count = mean[:, None], log_var[:, None], tf.shape(noise)[1]
        z = mean + tf.exp(0.5 * log_var) * noise
        log_q = normal_log_prob(z, mean, log_var)
        if not self.posterior:
            return z, log_q
        rows = tf.reshape(z, [-1, self.latent_dim])
        z, log_det = self.through_posterior(rows, *(tf.repeat(h, count, axis=0) for h in context))
        return tf.reshape(z, tf.shape(noise)), log_q - tf.reshape(log_det, tf.shape(log_q))

    def log_prior(self, z):
        """log p(z) in nats: [batch, latent_dim] -> [batch] float32."""
        if self.prior is None:
            return normal_log_prob(z)
        return self.prior.log_prob(z)

    def code(self, x, training=False):
        """What the flow makes of the mean, from which `reconstruct` decodes: [batch, latent_dim] float32."""
        mean, _, *context = self._codes(x, training)
        return self.through_posterior(mean, *context)[0] if self.posterior else mean

    def loss_terms(self, x, y=None, training=False):
        if not self.posterior and self.prior is None:
            return super().loss_terms(x, y, training)
        mean, log_var, *context = self._codes(x, training)
        z_0 = self.draw(mean, log_var)
        z, log_det = self.through_posterior(z_0, *context) if self.posterior else (z_0, 0.0)
        log_q = normal_log_prob(z_0, mean, log_var) - log_det
        output = self.decoder(z, training=training)
        return {
            "reconstruction": self.likelihood.negative_log_likelihood(x, output),
            "kl": log_q - self.log_prior(z),
        }

    def sample_latent(self, count, seed=None, temperature=1.0):
        if self.prior is None:
            return super().sample_latent(count, seed, temperature)
        return self.prior.sample(count, seed, temperature=temperature)

    def serving_signatures(self):
        signatures = super().serving_signatures()
        if self.prior is not None and not self.prior.has_forward:
            del signatures["sample"]
        return signatures

    def _serve_sample(self, seed, temperature):
        if self.prior is None:
            return super()._serve_sample(seed, temperature)
        return {"image": self.decode(self.prior.sample_rows(seed, temperature))}

    def _serve_encode(self, image):
        mean, log_var, *context = self._codes(image)
        latent = self.through_posterior(mean, *context)[0] if self.posterior else mean
        return {"mean": mean, "log_var": log_var, "latent": latent}

    def get_config(self):
        named = isinstance(self._prior, str)
        return {
            **super().get_config(),
            "posterior": self.posterior_name,
            "posterior_transforms": self.posterior_transforms,
            "prior": self._prior if named else keras.saving.serialize_keras_object(self.prior),
            "prior_transforms": self.prior_transforms,
            "prior_components": self.prior_components,
        }
