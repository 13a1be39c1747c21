"""Different noise on every replica."""

import tensorflow as tf

_STRIDE = 1000003  # prime, so that the seeds of many replicas and generators do not meet


def separate_replicas(model):
    """Gives each replica a noise stream of its own, in every SeedGenerator of the model and of its layers.

    Keras starts a SeedGenerator (and so Dropout, GaussianNoise, ...) with the same state on every replica: all of them
    would draw the same noise. Replica r continues from the first replica's seed + 1000003 r. Calling it again changes
    nothing; call it after restoring a state.
    """
    strategy = model.distribute_strategy
    states = [v.value for v in model.non_trainable_variables if v.name == "seed_generator_state"]
    if not states or strategy.num_replicas_in_sync == 1:
        return
    first = [strategy.experimental_local_results(state)[0].numpy() for state in states]

    def shift():
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        for state, start in zip(states, first, strict=True):
            offset = tf.stack([tf.cast(replica, state.dtype) * _STRIDE, tf.zeros([], state.dtype)])
            state.assign(tf.constant(start, state.dtype) + offset)

    strategy.run(tf.function(shift, autograph=False))
