"""Every law of the contract can fail: each break below is a mistake that somebody could make, and the laws that see it.

    python tests/mutations.py              # tries all of them, and writes tests/mutations.md
    python tests/mutations.py seed frozen  # those with one of these words in their title, file or tests

A break is tried on a copy of the code. `python tests/mutations.py --unbroken [words]` runs the same tests without any.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).parent.parent
TABLE = ROOT / "tests" / "mutations.md"
LAWS = tuple(sorted(path.name for path in (ROOT / "tests" / "contract").glob("test_*.py")))

#: failures that say nothing of a law
NO_VERDICTS = ("ImportError", "ModuleNotFoundError", "SyntaxError", "IndentationError", "NameError")


@dataclasses.dataclass(frozen=True)
class Break:
    """A mistake, and the tests that must see it.

    Attributes:
        title: the mistake in plain words.
        file: where it is made, a path from the root.
        old, new: the text there that occurs once, and what stands there in the broken copy.
        tests: what must fail, as pytest takes it; those of tests/contract/ without the folder.
    """

    title: str
    file: str
    old: str
    new: str
    tests: tuple

    @property
    def nodes(self):
        return ["tests/" + (test if "/test_" in test else f"contract/{test}") for test in self.tests]

    def text(self, root=ROOT):
        """The broken text of the file.

        Raises:
            ValueError: `old` is not there once.
        """
        text = (root / self.file).read_text()
        if text.count(self.old) != 1 or self.old == self.new:
            raise ValueError(f"{self.title}: the text is {text.count(self.old)} times in {self.file}, not once.")
        return text.replace(self.old, self.new)


BREAKS = (
    # ------------------------------------------------------------------ the loss and the global batch
    Break(
        "The loss is divided by the weight of the replica's examples, not of the global batch",
        "keraszoo/core/trainer.py",
        "(total_weight,) = sum_over_replicas([tf.reduce_sum(weights)])",
        "total_weight = tf.reduce_sum(weights)",
        (
            "test_contract.py::test_two_replicas_learn_what_one_learns[vae/digits]",
            "test_contract.py::test_two_workers_learn_bit_for_bit_what_two_replicas_learn[vae/digits]",
        ),
    ),
    Break(
        "Regularisation counts once for each replica",
        "keraszoo/core/trainer.py",
        "+ self._penalty() / replicas",
        "+ self._penalty()",
        ("test_contract.py::test_two_replicas_learn_what_one_learns_of_regularised_layers",),
    ),
    Break(
        "Batch normalisation sees this replica's examples alone",
        "keraszoo/core/replicas.py",
        "    total, count = global_sums([tf.reduce_sum(values, axes), count])\n",
        "    total = tf.reduce_sum(values, axes)\n",
        ("test_contract.py::test_two_replicas_learn_what_one_learns[dcgan/digits]",),
    ),
    Break(
        "The sums of an update in closed form are of this replica's examples alone",
        "keraszoo/core/trainer.py",
        "        sums = dict(zip(sums, sum_over_replicas(list(sums.values())), strict=True))\n",
        "",
        ("test_contract.py::test_two_replicas_learn_what_one_learns[regularized/digits]",),
    ),
    Break(
        "All replicas draw the same noise",
        "keraszoo/core/replicas.py",
        "tf.stack([replica * SEED_STRIDE, tf.zeros([], tf.int64)])",
        "tf.stack([0 * replica, tf.zeros([], tf.int64)])",
        ("core/test_trainer.py::test_replicas_draw_different_noise_in_every_layer",),
    ),
    Break(
        "A term is the mean over the batch, written to each of its rows",
        "keraszoo/models/vae/objectives.py",
        '"kl": vae.kl_weight * kl,',
        '"kl": vae.kl_weight * keras.ops.mean(kl) * keras.ops.ones_like(kl),',
        ("test_contract.py::test_loss_terms_are_per_example[VAE]",),
    ),
    Break(
        "A metric is the mean of the batches' means: the last, small batch counts as much as a full one",
        "keraszoo/core/trainer.py",
        """        self.total.value.assign_add(tf.reduce_sum(weighted))
        self.count.value.assign_add(tf.cast(count, tf.float32))
""",
        """        self.total.value.assign_add(tf.reduce_sum(weighted) / tf.cast(count, tf.float32))
        self.count.value.assign_add(1.0)
""",
        ("test_contract.py::test_evaluation_is_the_mean_of_the_terms[VAE]",),
    ),
    Break(
        "What evaluation alone computes is shown by training, too",
        "keraszoo/core/execution.py",
        "return self.model.of_training(values) if self.trains else values",
        "return values",
        (
            "test_contract.py::test_fit_reports_every_term_of_training_and_validation[continuous_flow/moons_flow_matching]",
        ),
    ),
    Break(
        "Only the terms that are learned from have a metric",
        "keraszoo/core/trainer.py",
        'names = ("loss", *self.term_names, *self.metric_names, *self.evaluation_names)',
        'names = ("loss", *self.term_names)',
        ("test_contract.py::test_fit_reports_every_term_of_training_and_validation[gan/digits]",),
    ),
    Break(
        "No gradient flows through what a VAE decodes",
        "keraszoo/models/vae/objectives.py",
        "vae.likelihood.negative_log_likelihood(x, output)",
        "vae.likelihood.negative_log_likelihood(x, keras.ops.stop_gradient(output) + 0.0 * output)",
        ("test_contract.py::test_every_trainable_weight_gets_a_gradient[VAE]",),
    ),
    Break(
        "Kernels start at zero: hidden units of a network with ReLU stay there",
        "keraszoo/networks/initialization.py",
        '"lecun_uniform" if latent else "glorot_uniform"',
        '"lecun_uniform" if latent else "zeros"',
        (
            "networks/test_initialization.py::"
            "test_glorot_kernels_have_the_variance_of_both_fans_and_the_first_that_of_its_inputs",
        ),
    ),
    # ------------------------------------------------------------------ steps and executions
    Break(
        "An execution of several steps asks for a batch after its last one, which is lost",
        "keraszoo/core/execution.py",
        "following = tf.cond(done + 1 < limit, iterator.get_next_as_optional, lambda: batch)",
        "following = tf.cond(limit > 1, iterator.get_next_as_optional, lambda: batch)",
        ("test_contract.py::test_many_steps_per_execution_learn_what_single_steps_learn[vae/digits]",),
    ),
    Break(
        "An execution takes more steps than it was asked for",
        "keraszoo/core/loop.py",
        "return self.step_in_epoch + size",
        "return self.step_in_epoch + 2 * size",
        ("test_habits.py::test_every_callback_of_keras",),
    ),
    Break(
        "Compiled by XLA, all kinds of steps are the last one: a loop's variable is looked up too late",
        "keraszoo/core/execution.py",
        "[tf.function(step, jit_compile=True, reduce_retracing=True, autograph=False) for step in steps]",
        "[tf.function(lambda x: step(x), jit_compile=True, reduce_retracing=True, autograph=False) for step in steps]",
        ("test_contract.py::test_xla_learns_what_the_graph_learns[wgan/digits]",),
    ),
    Break(
        "What an overridden step returns is dropped",
        "keraszoo/core/execution.py",
        "self.overridden = getattr(type(model), method) is not getattr(Trainer, method)",
        "self.overridden = False",
        ("test_habits.py::test_the_dictionary_of_an_overridden_step_is_the_history",),
    ),
    Break(
        "Predictions are made as in training, normalised by their own batch",
        "keraszoo/core/loop.py",
        "return self(x, training=False)",
        "return self(x, training=True)",
        ("test_contract.py::test_predict_answers_like_call[DCGAN]",),
    ),
    # ------------------------------------------------------------------ checkpoints and files
    Break(
        "Seeds are left out of the checkpoint",
        "training/loop/state.py",
        "variables = [*self.model.variables,",
        "variables = [*self.model.weights,",
        ("test_contract.py::test_checkpoint_continues_bit_for_bit[vae/digits]",),
    ),
    Break(
        "The metrics of an epoch that was interrupted start anew",
        "training/loop/checkpoints.py",
        "            if self.position.step:\n                self.state.set_metrics(self.arrays)",
        "            if not self.position.step:\n                self.state.set_metrics(self.arrays)",
        ("test_contract.py::test_checkpoint_continues_bit_for_bit[vae/digits]",),
    ),
    Break(
        "Of several optimizers only the first is restored as it was compiled",
        "keraszoo/core/trainer.py",
        'names = ("steps_per_execution", "jit_compile", "run_eagerly", *self.gradients())',
        'names = ("steps_per_execution", "jit_compile", "run_eagerly", "optimizer")',
        ("test_contract.py::test_saving_restores_outputs_and_optimizer[gan/digits]",),
    ),
    Break(
        "Optimizers are built in the first step only, so that a file's state finds none",
        "keraszoo/core/trainer.py",
        """                if update.variables:
                    getattr(self, name).build(update.variables)
""",
        "",
        ("test_loading.py::test_what_was_frozen_is_loaded_frozen_and_learns_on[Autoencoder]",),
    ),
    Break(
        "Weights in lists that Keras tracks, and seeds, are no part of TensorFlow's checkpoints",
        "keraszoo/core/model.py",
        'return {**children, **self._weights_by_place()} if save_type == "checkpoint" else children',
        "return children",
        (
            "test_loading.py::test_a_tensorflow_checkpoint_restores_every_variable[VAE]",
            "test_loading.py::test_a_tensorflow_checkpoint_restores_every_variable_without_an_optimizer[RealNVP]",
        ),
    ),
    Break(
        "Which layers are frozen is not in the config",
        "keraszoo/core/config.py",
        "if flags != self._trainable_flags:",
        "if False:",
        ("test_loading.py::test_what_was_frozen_is_loaded_frozen_and_learns_on[VAE]",),
    ),
    Break(
        "Which layers are quantised is not in the config",
        "keraszoo/core/config.py",
        "        if quantized:",
        "        if False:",
        ("test_loading.py::test_a_quantised_model_is_loaded_as_it_is[Autoencoder]",),
    ),
    Break(
        "A network that replaced the constructor's is not in the config",
        "keraszoo/core/config.py",
        '{**self._captured, **replaced, "name"',
        '{**self._captured, "name"',
        ("test_loading.py::test_a_network_that_was_replaced_is_what_is_loaded[Autoencoder]",),
    ),
    Break(
        "A layer's output is looked up in the network that the layer was first in",
        "keraszoo/networks/hidden_layers.py",
        "return _node(network, layer).outputs[0]",
        "return layer.output",
        ("test_loading.py::test_a_network_that_was_replaced_is_what_is_loaded[VAEGAN]",),
    ),
    Break(
        "Arguments that a constructor hands on as **kwargs are not captured",
        "keraszoo/core/config.py",
        "            arguments |= value",
        "            pass",
        (
            "test_loading.py::test_weights_files_and_copies[VAE]",
            "test_loading.py::test_pickle[VAE]",
        ),
    ),
    Break(
        "One replica sums its gradients as several do, in an operation whose graph TensorFlow keeps",
        "keraszoo/core/replicas.py",
        "context.merge_call(lambda strategy: optimizer.apply_gradients(pairs))",
        "optimizer.apply_gradients(pairs)",
        ("test_habits.py::test_a_training_that_is_over_leaves_no_graph_behind[VAE]",),
    ),
    Break(
        "The dtype policy is not in the config",
        "keraszoo/core/config.py",
        ', "name": self.name, "dtype": self.dtype_policy}',
        ', "name": self.name, "dtype": None}',
        ("test_habits.py::test_mixed_policies[VAE-mixed_bfloat16]",),
    ),
    Break(
        "Models that are not imported yet are not registered under the name that stands in files",
        "keraszoo/models/__init__.py",
        'setdefault(f"keraszoo>{_name}", _WhenMet(_name))',
        "setdefault(_name, _WhenMet(_name))",
        ("test_loading.py::test_a_new_process_loads_the_file_after_one_import[VAE]",),
    ),
    Break(
        "A class is missing in a list of the tests",
        "tests/contract/zoo.py",
        '"AdversarialAutoencoder", "FactorVAE", "VAEGAN", "VQVAE"',
        '"FactorVAE", "VAEGAN", "VQVAE"',
        ("test_loading.py::test_the_lists_are_those_of_the_models",),
    ),
    Break(
        "A class is missing in the table of models",
        "keraszoo/models/__init__.py",
        '    "UNet": "segmentation.unet",\n',
        "",
        ("test_loading.py::test_every_class_is_in_the_table_and_small",),
    ),
    Break(
        "`import keraszoo` imports the models",
        "keraszoo/__init__.py",
        '    return sorted([*globals(), *_SUBMODULES, "load"])',
        "    return sorted([*globals(), *_SUBMODULES])\n\n\nfrom . import models  # noqa: E402, F401",
        ("test_loading.py::test_import_keraszoo_stays_free_of_tensorflow",),
    ),
    Break(
        "Keras' export is of one example at a time",
        "keraszoo/core/model.py",
        "keras.InputSpec(shape=tuple(spec.shape),",
        "keras.InputSpec(shape=(1, *spec.shape[1:]),",
        ("test_loading.py::test_keras_export_answers_like_the_model[Autoencoder]",),
    ),
    Break(
        "Keras' export forgets the context of a flow",
        "keraszoo/models/flows/flow.py",
        "return [self.inputs.spec(), self.targets.spec()] if self.context_dim else self.inputs.spec()",
        "return self.inputs.spec()",
        ("test_loading.py::test_keras_export_of_a_flow_with_a_context",),
    ),
    Break(
        "JSON's lists stay lists in a recipe",
        "keraszoo/recipes/recipe.py",
        "return tuple(map(tuples, value)) if isinstance(value, list) else value",
        "return value",
        ("test_contract.py::test_recipe_survives_json[vae/digits]",),
    ),
    Break(
        "A recipe expects a metric that no training shows",
        "keraszoo/recipes/vae.py",
        '"train/loss": (24.3, 0.3),',
        '"train/elbo": (24.3, 0.3),',
        ("test_contract.py::test_recipe_names_what_it_expects[vae/digits]",),
    ),
    Break(
        "Whatever a recipe expects is as expected",
        "training/evaluation.py",
        "if not abs(value - target) <= tolerance:",
        "if value is None:",
        (
            "test_expectations.py::test_a_model_that_has_learned_nothing_misses_them[vae/digits]",
            "test_expectations.py::test_samples_that_are_one_example_again_and_again_miss_them[gan/digits]",
        ),
    ),
    Break(
        "A GAN's recipe expects nothing but a loss",
        "keraszoo/recipes/gan.py",
        '"samples/modes": (25.0, 4.0), "samples/high_quality": (0.95, 0.15)',
        '"test/discriminator": (1.0, 0.5)',
        ("test_expectations.py::test_a_generator_is_judged_by_its_samples[gan/gaussians25]",),
    ),
    Break(
        "The constructor leaves the model unbuilt",
        "keraszoo/core/config.py",
        """        self.__dict__["_trainable_flags"] = _flags(self)
        self.built = True
""",
        """        self.__dict__["_trainable_flags"] = _flags(self)
""",
        ("test_contract.py::test_model_is_built_when_constructed[VAE]",),
    ),
    # ------------------------------------------------------------------ samples, pictures, signatures
    Break(
        "The seed is ignored in sample",
        "keraszoo/models/prior_sampling.py",
        "return self.decode(self.sample_latent(count, seed, temperature))",
        "return self.decode(self.sample_latent(count, None, temperature))",
        (
            "test_contract.py::test_sampling_repeats_per_seed[VAE]",
            "test_habits.py::test_sampling_inside_a_function[VAE]",
        ),
    ),
    Break(
        "Without a seed one is drawn by Python, once for a graph",
        "keraszoo/core/seeds.py",
        "        return tf.random.uniform([2], 0, 2**31, tf.int64)",
        "        import random\n\n        return tf.constant([random.randrange(2**31), 0], tf.int64)",
        ("test_habits.py::test_sampling_inside_a_function[GAN]",),
    ),
    Break(
        "A row of numbers that mean nothing is answered as if it meant something",
        "export/guards.py",
        "tf.where(_beside(taken, output), output,",
        "tf.where(_beside(taken | True, output), output,",
        ("test_contract.py::test_exported_signatures_match_the_model[vae/digits]",),
    ),
    Break(
        "The seeds of a request are ignored by the served signature",
        "keraszoo/models/prior_sampling.py",
        "self.decode(self.prior.sample_rows(seed, temperature))",
        "self.decode(temperature[:, None] * self.prior.sample(tf.shape(seed)[0]))",
        ("test_contract.py::test_exported_signatures_match_the_model[vae/digits]",),
    ),
    Break(
        "Pictures are a batch of images, not a grid",
        "keraszoo/models/prior_sampling.py",
        "samples = tf.reshape(self.sample(64, seed=seed), [8, 8, *self.image_shape])",
        "samples = self.sample(64, seed=seed)",
        ("test_contract.py::test_pictures_are_grids_of_images[VAE]",),
    ),
    Break(
        "An example's features depend on the others of its batch",
        "keraszoo/models/autoencoders/autoencoder.py",
        """, its code: [batch, *image_shape] -> [batch, latent_dim] float32.\"\"\"
        return self.encode(x)
""",
        """, its code: [batch, *image_shape] -> [batch, latent_dim] float32.\"\"\"
        return self.encode(x) - tf.reduce_mean(self.encode(x), axis=0)
""",
        ("test_contract.py::test_features_are_of_each_example_alone[VAE]",),
    ),
    Break(
        "Features are draws from the posterior",
        "keraszoo/models/autoencoders/autoencoder.py",
        """, its code: [batch, *image_shape] -> [batch, latent_dim] float32.\"\"\"
        return self.encode(x)
""",
        """, its code: [batch, *image_shape] -> [batch, latent_dim] float32.\"\"\"
        return self.posterior(x).draw(self.noise)[0]
""",
        ("test_contract.py::test_features_are_of_each_example_alone[VAE]",),
    ),
    # ------------------------------------------------------------------ precision
    Break(
        "The networks of an autoencoder are float32 whatever the model's policy",
        "keraszoo/models/autoencoders/autoencoder.py",
        "                dtype=self.dtype_policy,\n",
        '                dtype="float32",\n',
        (
            "test_contract.py::test_mixed_precision_stays_finite_and_keeps_float32_weights[vae/digits-mixed_float16]",
            "test_contract.py::test_mixed_precision_stays_finite_and_keeps_float32_weights[vae/digits-mixed_bfloat16]",
        ),
    ),
    Break(
        "The networks of an autoencoder are made in the type of the model's computations, weights included",
        "keraszoo/models/autoencoders/autoencoder.py",
        "                dtype=self.dtype_policy,\n",
        "                dtype=self.dtype_policy.compute_dtype,\n",
        ("test_contract.py::test_mixed_precision_stays_finite_and_keeps_float32_weights[vae/digits-mixed_bfloat16]",),
    ),
    Break(
        "Metrics are of Keras' floatx while their sums are float32",
        "keraszoo/core/trainer.py",
        'Mean(name=name, dtype="float32")',
        "Mean(name=name)",
        ("test_habits.py::test_floatx_of_64_bits[VAE]",),
    ),
    # ------------------------------------------------------------------ the gate
    Break(
        "The shape of an example is not looked at",
        "keraszoo/core/inputs/examples.py",
        "if not x.shape.rank or not x.shape[1:].is_compatible_with(self.shape):",
        "if not x.shape.rank:",
        ("test_gate.py::test_graphs_refuse_what_eager_steps_refuse[VAE]",),
    ),
    Break(
        "Only arrays are looked at before training, not the first batch of a dataset",
        "keraszoo/core/loop.py",
        """        self._steps_in_time = 1
        self._looks = not self._resident and not self._checked_by_their_maker(arguments.get("x"))
""",
        """        self._steps_in_time = 1
        self._looks = False
""",
        ("test_gate.py::test_wrong_batches_are_refused_alike_and_before_anything_is_learned[VAE]",),
    ),
    Break(
        "The first batch is learned from whatever a look at it has shown",
        "keraszoo/core/execution.py",
        "tf.logical_and(tf.logical_and(done < limit, accepted), batch.has_value())",
        "tf.logical_and(done < limit, batch.has_value())",
        ("test_gate.py::test_graphs_refuse_what_eager_steps_refuse[VAE]",),
    ),
    Break(
        "Every batch is looked at, not the first alone",
        "keraszoo/core/loop.py",
        "looks, self._looks = self._looks, False",
        "looks = self._looks",
        ("test_gate.py::test_later_batches_may_be_what_the_first_is_not",),
    ),
    Break(
        "The look at two replicas' batches adds up their numbers",
        "keraszoo/core/look.py",
        "tf.where((tf.range(replicas) == place)[:, None], _row(model, batch), 0.0)",
        "tf.where((tf.range(replicas) >= 0)[:, None], _row(model, batch), 0.0)",
        ("test_habits.py::test_two_replicas[VAE]",),
    ),
    Break(
        "Targets that are missing are let through",
        "keraszoo/core/inputs/batches.py",
        "    if targets is not None:\n        y = targets.tensor(y, who)",
        "    if targets is not None and y is not None:\n        y = targets.tensor(y, who)",
        ("test_gate.py::test_a_model_with_targets_asks_for_them[ConditionalVAE]",),
    ),
    Break(
        "The weights of a dataset's examples are not looked at",
        "keraszoo/core/look.py",
        "tf.stack([*good, (rows[:, 6] >= 0) & (rows[:, 7] == 0)])",
        "tf.stack(good)",
        ("test_gate.py::test_weights_are_numbers_from_0_on[VAE-nan]",),
    ),
    Break(
        "A public method does not call the gate",
        "keraszoo/models/autoencoders/autoencoder.py",
        """    @takes("inputs")
    def encode(""",
        """    def encode(""",
        (
            "test_gate.py::test_public_methods_refuse_what_fit_refuses[Autoencoder]",
            "test_gate.py::test_calling_the_model_refuses_it_too[Autoencoder]",
        ),
    ),
    Break(
        "Keras wraps what the gate says inside a call in lines of its own",
        "keraszoo/core/errors.py",
        "_keras_call_info_injected = True",
        "keras_call_info_injected = True",
        ("test_gate.py::test_calling_the_model_refuses_it_too[VAE]",),
    ),
    Break(
        "A new public method is in no table of what is tried",
        "keraszoo/models/autoencoders/autoencoder.py",
        "    def reconstruct(self, x: Array) -> tf.Tensor:\n",
        "    def rebuild(self, x):\n        return x\n\n    def reconstruct(self, x: Array) -> tf.Tensor:\n",
        ("test_gate.py::test_every_public_method_is_tried[Autoencoder]",),
    ),
    Break(
        "Labels of a method may be any integers",
        "keraszoo/layers/labels.py",
        "    check_labels(labels, num_classes)\n    return np.broadcast_to",
        "    return np.broadcast_to",
        ("test_gate.py::test_labels_of_methods_are_checked[ACGAN]",),
    ),
    Break(
        "Labels of a flow may be any integers",
        "keraszoo/models/flows/flow.py",
        "self.targets.check(self.targets.summary(labels), name)",
        "pass",
        ("test_gate.py::test_labels_of_a_flow",),
    ),
    Break(
        "Weights in a dictionary are dropped",
        "keraszoo/core/inputs/batches.py",
        "beside if weights is None else weights",
        "weights",
        ("test_gate.py::test_weights_in_dictionaries_count",),
    ),
    Break(
        "The class of an image is taken for its mask where both are there",
        "keraszoo/core/inputs/targets.py",
        '(("mask", "masks", "segmentation_mask"), ("label", "labels"),',
        '(("label", "labels"), ("mask", "masks", "segmentation_mask"),',
        ("test_gate.py::test_masks_are_preferred_to_labels_of_whole_images",),
    ),
    Break(
        "Weights of classes are passed on where no example has a class",
        "keraszoo/core/loop.py",
        "and not isinstance(self.targets, Labels):",
        "and False:",
        ("test_gate.py::test_class_weights_are_of_classes_of_examples",),
    ),
    Break(
        "A step of one's own that counts none is not counted",
        "keraszoo/core/execution.py",
        "if self.trains and self._steps_done() == before:",
        "if False:",
        ("test_habits.py::test_a_step_of_ones_own_is_counted_on_two_replicas",),
    ),
    Break(
        "What an overridden step answers is not looked at",
        "keraszoo/core/execution.py",
        "if not isinstance(logs, dict):",
        "if logs is False:",
        ("test_habits.py::test_a_step_that_answers_no_dictionary_is_named",),
    ),
    Break(
        "`predict` does not take dictionaries",
        "keraszoo/core/loop.py",
        "        if isinstance(x, dict):\n            x, *_ = unpacked",
        "        if False:\n            x, *_ = unpacked",
        ("test_gate.py::test_structures",),
    ),
    Break(
        "Masks are not found under tensorflow-datasets' name for them",
        "keraszoo/core/inputs/targets.py",
        'keys = (("mask", "masks", "segmentation_mask"),',
        'keys = (("mask", "masks"),',
        ("test_gate.py::test_datasets_of_dictionaries_hold_labels_and_masks",),
    ),
    Break(
        "The fourth part of a batch is dropped without a word",
        "keraszoo/core/inputs/batches.py",
        "if len(data) > 3:",
        "if len(data) > 4:",
        ("test_gate.py::test_structures_that_no_model_takes",),
    ),
    Break(
        "Networks of several outputs are not recognised",
        "keraszoo/networks/by_size.py",
        "if isinstance(output, (list, tuple, dict)):",
        "if isinstance(output, dict):",
        ("test_gate.py::test_an_encoder_of_two_outputs_is_told_how_to_join_them",),
    ),
    Break(
        "A list of layers is refused like any other object",
        "keraszoo/networks/by_size.py",
        "if isinstance(network, (list, tuple)):",
        "if isinstance(network, tuple):",
        ("test_gate.py::test_a_list_of_layers_is_no_encoder",),
    ),
    Break(
        "Of Keras' reason the first line alone is told",
        "keraszoo/networks/by_size.py",
        "lines = [line.strip() for line in",
        "lines = [line.strip()[:60] for line in",
        ("test_gate.py::test_a_network_of_another_size_keeps_the_whole_reason",),
    ),
    Break(
        "A batch axis in a shape is refused without the shape that was meant",
        "keraszoo/core/checks.py",
        "if values and values[0] is None and sizes_of_examples",
        "if values and values[0] == 0 and sizes_of_examples",
        (
            "test_gate.py::test_a_batch_axis_in_the_shape_is_recognised",
            "test_gate.py::test_a_batch_axis_in_the_shape_of_a_flow_and_a_unet",
        ),
    ),
    Break(
        "Arguments may be of any kind",
        "keraszoo/core/config.py",
        "        check_kinds(given, defaults)\n        self.constructed()\n",
        "        self.constructed()\n",
        ("test_gate.py::test_arguments_of_another_kind_are_refused[Classifier]",),
    ),
    Break(
        "A classifier does not look at the name of its encoder",
        "keraszoo/models/classifiers/classifier.py",
        "network=network if encoder is None else encoder,",
        "network=network,",
        ("test_gate.py::test_every_encoder_may_be_given_by_name[Classifier]",),
    ),
    Break(
        "Targets of another number than the examples are left to Keras",
        "keraszoo/core/look.py",
        "y.ndim and len(x) != len(y)",
        "y.ndim and len(x) < len(y)",
        ("test_gate.py::test_there_are_as_many_targets_as_examples[Classifier]",),
    ),
    Break(
        "Labels of text are told to become integers",
        "keraszoo/core/inputs/targets.py",
        "            if y.dtype == tf.string:\n",
        "            if False:\n",
        ("test_gate.py::test_labels_of_text_are_told_how_to_become_numbers",),
    ),
    Break(
        "The graph learns from a first batch that is too small",
        "keraszoo/core/look.py",
        "    accepted = accepted & (tf.reduce_sum(rows[:, 8]) >= model.smallest_batch)\n",
        "",
        ("test_gate.py::test_a_batch_of_one_has_nothing_to_be_compared_with[False-array]",),
    ),
    Break(
        "Methods take batches of no examples",
        "keraszoo/core/model.py",
        "                    check_rows(x, who)\n",
        "                    pass\n",
        ("test_gate.py::test_public_methods_refuse_what_fit_refuses[Autoencoder]",),
    ),
    # ------------------------------------------------------------------ callbacks and messages
    Break(
        "Callbacks reach the first optimizer only",
        "keraszoo/core/callbacks.py",
        "    if len(model.optimizers) > 1:",
        "    if len(model.optimizers) > 2:",
        (
            "test_habits.py::test_learning_rates_reach_every_optimizer[GAN]",
            "test_habits.py::test_averages_of_every_optimizer_are_swapped_and_kept[GAN]",
            "test_habits.py::test_two_replicas[GAN]",
        ),
    ),
    Break(
        "At the end of training the first optimizer's averages alone take the place of the weights",
        "keraszoo/core/loop.py",
        "for name, update in self.gradients().items():",
        "for name, update in list(self.gradients().items())[:1]:",
        ("test_habits.py::test_averages_of_every_optimizer_are_swapped_and_kept[GAN]",),
    ),
    Break(
        "A term that is missing is noticed by nobody",
        "keraszoo/core/trainer.py",
        "if complete and missing:",
        "if not complete and missing:",
        ("test_habits.py::test_a_forgotten_term_is_named",),
    ),
    Break(
        "A loss that is passed to `compile` is ignored",
        "keraszoo/core/trainer.py",
        "if unknown or others:",
        "if others:",
        ("test_habits.py::test_compile_says_where_a_loss_of_ones_own_goes[VAE]",),
    ),
    Break(
        "Of what `predict` was given with a context the context is looked at as an example",
        "keraszoo/core/look.py",
        "        x = x[0] if isinstance(x, (tuple, list)) else x  # with a context\n",
        "        x = x[-1] if isinstance(x, (tuple, list)) else x  # with a context\n",
        ("test_habits.py::test_predict_of_a_conditional_flow",),
    ),
    # ------------------------------------------------------------------ weights of examples, accumulation, frozen parts
    Break(
        "Weights of shape [batch, 1] are not squeezed, and make a matrix of each term",
        "keraszoo/core/inputs/batches.py",
        """        weights = weights[:, 0]
    if weights.shape.rank == 1:
""",
        """        return tf.cast(weights, tf.float32)
    if weights.shape.rank == 1:
""",
        ("test_weights.py::test_weights_of_rank_1_and_2_are_equal_and_others_refused[VAE]",),
    ),
    Break(
        "Weights of pixels with an axis of one channel are refused",
        "keraszoo/core/inputs/batches.py",
        "    of_pixel = pixels(weights)\n",
        "    of_pixel = weights\n",
        ("test_weights.py::test_weights_of_pixels_are_those_of_a_dictionary",),
    ),
    Break(
        "An optimizer is made again with its learning rate and none of its other options",
        "keraszoo/core/trainer.py",
        "        optimizer = keras.optimizers.get(optimizer)\n        strategy",
        "        optimizer = keras.optimizers.get(optimizer)\n"
        "        optimizer = type(optimizer)(float(optimizer.learning_rate))\n        strategy",
        (
            "test_weights.py::test_gradient_accumulation_learns_once_in_two_steps[VAE]",
            "test_weights.py::test_gradient_accumulation_in_a_graph_equals_the_larger_batch",
            "test_weights.py::test_gradient_accumulation_is_refused_on_several_replicas",
        ),
    ),
    Break(
        "An update learns the weights of frozen layers too",
        "keraszoo/core/model.py",
        'return {"optimizer": Gradient(self.loss_terms, self.trainable_variables)}',
        "each = [v for layer in self._flatten_layers() for v in layer._trainable_variables]\n"
        '        return {"optimizer": Gradient(self.loss_terms, each)}',
        (
            "test_weights.py::test_what_is_frozen_stays_and_the_rest_learns[VAE]",
            "test_weights.py::test_a_model_that_is_frozen_throughout_says_so[VAE]",
        ),
    ),
    Break(
        "`fit` of a model that is frozen throughout does nothing, without a word",
        "keraszoo/core/trainer.py",
        "if self.updates() and not self.closed_forms() and not any(self._learned.values()):",
        "if self.closed_forms() and not any(self._learned.values()):",
        ("test_weights.py::test_a_model_that_is_frozen_throughout_says_so[VAE]",),
    ),
    Break(
        "A part that is frozen after `compile` is not noticed",
        "keraszoo/core/trainer.py",
        "if self._learned_now() != self._learned:",
        "if len(self._learned_now()) != len(self._learned):",
        ("test_weights.py::test_a_part_frozen_after_compile_asks_for_compile",),
    ),
    Break(
        "A layer without weights is not noticed by `compile`",
        "keraszoo/core/trainer.py",
        "if not layer.built and type(layer).build is not keras.layers.Layer.build:",
        "if not layer.built and type(layer).build is keras.layers.Layer.build:",
        ("test_weights.py::test_a_layer_without_weights_is_named_by_compile",),
    ),
    Break(
        "Weights that no update learns are not noticed by `compile`",
        "keraszoo/core/trainer.py",
        "if left and gradients:",
        "if left and not gradients:",
        ("test_weights.py::test_weights_that_no_update_learns_are_named_by_compile",),
    ),
    Break(
        "A network that ends in a sigmoid is taken where logits are meant",
        "keraszoo/networks/by_size.py",
        "    if logits:\n",
        "    if not logits:\n",
        (
            "test_gate.py::test_a_decoder_that_ends_in_a_sigmoid_is_refused_where_logits_are_meant[VAE-sequential]",
            "test_gate.py::test_a_discriminator_that_ends_in_a_sigmoid_is_refused[GAN]",
        ),
    ),
)


# ------------------------------------------------------------------ the table


def laws():
    """The contract's test functions, "file::name", in order."""
    for file in LAWS:
        for name in re.findall(r"^def (test_\w+)", (ROOT / "tests" / "contract" / file).read_text(), re.M):
            yield f"{file}::{name}"


def breaks_of(law):
    """The breaks that a test function, "file::name", must see."""
    return [each for each in BREAKS if law in {test.split("[")[0] for test in each.tests}]


def table():
    """tests/mutations.md."""
    lines = [
        "# What each law of the contract catches",
        "",
        "Written by `python tests/mutations.py`, which breaks a copy of the code as described and sees the law fail.",
        "",
        "| law | break | file |",
        "|---|---|---|",
    ]
    for law in laws():
        found = breaks_of(law)
        files = dict.fromkeys(f"`{each.file}`" for each in found)
        lines.append(f"| `{law}` | {'; '.join(each.title for each in found)} | {', '.join(files)} |")
    return "\n".join([*lines, ""])


# ------------------------------------------------------------------ running


def copy(folder):
    """The tracked files in a folder, from which `keraszoo.training` and `keraszoo.export` can be imported too."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, target)
    for room in ("training", "export"):
        (folder / "keraszoo" / room).symlink_to(pathlib.Path("..") / room)


def imported(folder):
    """The file of `keraszoo.training` that a test run in the copy imports, and one that a process started there does.

    Raises:
        RuntimeError: it is not the copy's.
    """
    code = "import keraszoo.training; print(keraszoo.training.__file__)"

    def both():
        import keraszoo.training

        print(keraszoo.training.__file__, flush=True)
        subprocess.run([sys.executable, "-c", code], check=True)

    found = inside(folder, both).split()
    if len(found) != 2 or not all(path.startswith(f"{folder}{os.sep}") for path in found):
        raise RuntimeError(f"The tests would import {found}, not the copy in {folder}.")
    return found[0]


def inside(folder, action):
    """Calls a function in a process of its own, which imports, as do those that it starts, the copy in the folder.

    The process is forked: importing TensorFlow takes longer than most laws. Returns what it printed.

    Raises:
        RuntimeError: the function raised, with what was printed.
    """
    os.environ["CUDA_VISIBLE_DEVICES"], os.environ["TF_CPP_MIN_LOG_LEVEL"] = "", "2"
    import keras  # noqa: F401
    import pytest  # noqa: F401
    import tensorflow  # noqa: F401

    said = folder / "said.txt"
    sys.stdout.flush()
    child = os.fork()
    if not child:
        status = 1
        try:
            with open(said, "w") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
            os.chdir(folder)
            os.environ |= {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
            sys.dont_write_bytecode = True  # two breaks of a file may be of the same second and size
            own = str(ROOT / "tests")
            sys.path[:] = [str(folder), *(path for path in sys.path if path not in ("", own, str(ROOT)))]
            action()
            status = 0
        finally:
            if status:
                traceback.print_exc()  # into `said`
            sys.stdout.flush()
            os._exit(status)
    if os.waitpid(child, 0)[1]:
        raise RuntimeError(f"The process in the copy ended early:\n{said.read_text()}")
    return said.read_text()


def verdicts(folder, nodes):
    """`{node: verdict}`: "passed", "skipped", "failed: ...", or why there is none."""
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    options = ["-q", "-p", "no:cacheprovider", "-o", "junit_family=xunit1", f"--junitxml={report}"]

    def run():
        import pytest

        pytest.main([*options, *nodes])

    said = inside(folder, run)
    if not report.exists():
        return dict.fromkeys(nodes, f"no report: {said[-500:]}")
    cases = {}
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('file')}::{case.get('name')}"
        if not cases.get(name, "").startswith("no verdict"):  # a failure may be followed by an error of the fixtures
            cases[name] = _verdict(case)
    found = {}
    for node in nodes:  # a node without brackets stands for all of its cases
        own = [verdict for name, verdict in cases.items() if node in (name, name.split("[")[0])]
        found[node] = next((v for v in own if not v.startswith("failed")), own[0]) if own else "not found"
    return found


def _verdict(case):
    for kind in ("error", "failure", "skipped"):
        said = case.find(kind)
        if said is not None:
            message = said.get("message", "").strip().splitlines()[:1]
            reason = message[0][:160] if message else ""
            if kind == "failure" and not reason.startswith(NO_VERDICTS):
                return f"failed: {reason}"
            return "skipped" if kind == "skipped" else f"no verdict, {kind}: {reason}"
    return "passed"


def try_break(each, folder):
    """`{node: verdict}` of the tests on the broken copy, which is as before afterwards."""
    path = folder / each.file
    before = path.read_text()
    path.write_text(each.text(folder))
    try:
        return verdicts(folder, each.nodes)
    finally:
        path.write_text(before)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="only breaks with one of these in their title, file or tests")
    parser.add_argument("--unbroken", action="store_true", help="run the tests of the breaks on the code as it is")
    given = parser.parse_args()
    text = {each: " ".join((each.title, each.file, *each.tests)) for each in BREAKS}
    chosen = [each for each in BREAKS if not given.words or any(word in text[each] for word in given.words)]
    for each in chosen:
        each.text()
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder).resolve()
        copy(folder)
        print(f"Importing {imported(folder)}")
        if given.unbroken:
            nodes = list(dict.fromkeys(node for each in chosen for node in each.nodes))
            found = verdicts(folder, nodes)
            for node, verdict in found.items():
                print(f"    {node}: {verdict}")
            return int(any(verdict != "passed" for verdict in found.values()))
        for number, each in enumerate(chosen, start=1):
            print(f"{number}/{len(chosen)} {each.title} ({each.file})", flush=True)
            for node, verdict in try_break(each, folder).items():
                print(f"    {node}: {verdict}", flush=True)
                if not verdict.startswith("failed"):
                    survivors.append(f"{each.title}: {node}: {verdict}")
    print(f"{len(survivors)} survive." if survivors else f"All {len(chosen)} breaks are seen.")
    for survivor in survivors:
        print(f"    {survivor}")
    if not given.words and not survivors:
        TABLE.write_text(table())
    return int(bool(survivors))


if __name__ == "__main__":
    sys.exit(main())
