"""What VAEs have in common that are asked for a likelihood by importance sampling."""

from ...core.errors import InputError
from ...distributions.importance_sampling import PRECISIONS, ImportanceSampler
from ...networks.precision import can_compute_in_bfloat16, in_bfloat16, multiplies_bfloat16


class SampledLikelihood:
    """Keeps the graphs of importance sampling from one call to the next: a part of a class of models."""

    def _importance_sampled(self, given, samples, seed, rows, precision):
        """`Likelihoods` of examples.

        Args:
            given: (x,), or (x, condition).
            samples, seed, rows: as for `negative_log_likelihood`.
            precision: one of `PRECISIONS`, or None.
        """
        if precision not in (None, *PRECISIONS):
            raise InputError(f"precision is {' or '.join(map(repr, PRECISIONS))}, or None. Received: {precision!r}.")
        suits = can_compute_in_bfloat16(self.decoder)
        if precision == "bfloat16" and not suits:
            raise InputError(
                "Only decoders in float32 whose layers and activations are those of Keras or KerasZoo can. Received: "
                "precision='bfloat16' for another. Nearest: precision='float32'."
            )
        if precision is None and not (suits and multiplies_bfloat16()):
            precision = "float32"
        return self._importance_sampler()(given, samples, seed, rows, precision)

    def _importance_sampler(self):
        """The same `ImportanceSampler`, until a part of the model is another object or has other settings."""
        layers = self._flatten_layers()
        parts = [self.likelihood, self.prior, self.standardization, *layers, *self.variables]
        settings = [self.likelihood.get_config(), *(layer.dtype_policy.name for layer in layers)]
        parts_before, settings_before, sampler = vars(self).get("_kept_sampler", ([], [], None))
        if [*map(id, parts_before)] != [*map(id, parts)] or settings_before != settings:
            sampler = ImportanceSampler(self._log_weights_given, self.latent_dim, self._coarse_log_weights_given)
            # Past Keras, which would take its graphs for parts of the model.
            vars(self)["_kept_sampler"] = parts, settings, sampler
        return sampler

    def _log_weights_given(self, given, noise):
        x, *condition = given
        return self.log_weights(x, noise, *condition)

    def _coarse_log_weights_given(self, given, noise):
        with in_bfloat16(self.decoder):
            return self._log_weights_given(given, noise)
