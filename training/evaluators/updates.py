"""The updates of a model after each epoch, in TensorBoard: how steep their losses are, what a discriminator sees."""

import keras
import tensorflow as tf

from ..loop.logs import reported
from .evaluator import Evaluator

EXAMPLES = 64


class Updates(Evaluator):
    """Writes to TensorBoard, when an epoch ends, of the same examples and the same noise each time:

    - `gradient_norm/<optimizer>`: the global norm of the gradient that each update would follow in training;
    - `logits/<metric>`: a histogram, over the examples, of each of the model's metrics that is a logit, such as a
      discriminator's `real_logit` and `fake_logit`.

    Neither weights, moving statistics, metrics nor seeds change. Every process computes them of its first replica's
    weights, without the others.

    Args:
        run: the Run whose `logs/` receives them.
        x, y: [n, ...] examples and, for models that learn from labels, [n, ...] labels.
        seed: integer, of the noise.
        say: receives a line of text when something cannot be written; training goes on without it.
    """

    def __init__(self, run, x, y=None, seed=0, say=print):
        super().__init__()
        self.x, self.y, self.seed, self.say = x, y, seed, say
        self.writer = tf.summary.create_file_writer(str(run.logs / "updates"))

    @classmethod
    def applies(cls, session):
        return len(session.model.gradients()) > 1

    @classmethod
    def of(cls, session):
        found = session.data.examples(session.recipe.data.test, EXAMPLES, labels=session.labelled)
        x, y = found if session.labelled else (found, None)
        return cls(session.run, x, y, seed=session.recipe.seed, say=session.say)

    def on_epoch_end(self, epoch, logs=None):
        for name, update in self.model.gradients().items():
            norm, logits = self._seen_by(name, update)
            with reported("the updates for TensorBoard", self.say), self.writer.as_default():
                tf.summary.scalar(f"gradient_norm/{name}", norm, step=epoch)
                for logit, values in logits.items():
                    tf.summary.histogram(f"logits/{logit}", values, step=epoch)

    def on_train_end(self, logs=None):
        with reported("the updates for TensorBoard", self.say):
            self.writer.close()

    def _seen_by(self, name, update):
        """The norm of an update's gradient, and `{logit: [n]}` of the terms that it computes."""
        model = self.model
        seeds = [state for state in model.non_trainable_variables if state.name == "seed_generator_state"]
        fixed = [(state, [self.seed + place, 0]) for place, state in enumerate(seeds)]
        optimizer = getattr(model, name)
        with tf.GradientTape() as tape:
            with keras.StatelessScope(fixed):  # what is assigned in it never reaches a variable
                terms = update.terms(self.x, self.y, training=True)
            lowered = tf.add_n([tf.cast(terms[term], tf.float32) for term in model.term_names if term in terms])
            loss = tf.reduce_mean(lowered) + sum(model.losses)
            scaled = optimizer.scale_loss(loss)  # float16 would lose small gradients
        norm = tf.linalg.global_norm(tape.gradient(scaled, update.variables)) / optimizer.scale_loss(1.0)
        logits = [name for name in model.metric_names if name.endswith("logit") and name in terms]
        return norm, {logit: terms[logit] for logit in logits}
