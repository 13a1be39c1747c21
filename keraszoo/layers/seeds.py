"""Different noise on every replica."""

import tensorflow as tf

_STRIDE = 1000003  # prime, so that the seeds of many replicas and generators do not meet


def separate_replicas(model):
    """Gives each replica a noise stream of its own, in every SeedGenerator of the model and of its layers.

    Keras starts a SeedGenerator (and so Dropout, GaussianNoise, ...) with the same state on every replica: all of them
    would draw the same noise. Replica r continues from replica 0's seed + 1000003 r, also when replica 0 is on another
    worker. Calling it again changes nothing; call it after restoring a state.
    """
    strategy = model.distribute_strategy
    states = [v.value for v in model.non_trainable_variables if v.name == "seed_generator_state"]
    if not states or strategy.num_replicas_in_sync == 1:
        return

    def shift():
        context = tf.distribute.get_replica_context()
        replica = tf.cast(context.replica_id_in_sync_group, tf.int64)
        for state in states:
            own = tf.cast(state, tf.int64) * tf.cast(replica == 0, tf.int64)
            first = context.all_reduce(tf.distribute.ReduceOp.SUM, own)  # replica 0's, on every replica
            state.assign(tf.cast(first + tf.stack([replica * _STRIDE, tf.zeros([], tf.int64)]), state.dtype))

    strategy.run(tf.function(shift, autograph=False))


def normal_rows(seed, size):
    """Draws from N(0, I), one per row, each from its row's seed alone: a server may batch requests together.

    Args:
        seed: [batch] int64.
        size: length of each draw.

    Returns:
        [batch, size] float32.
    """

    def draw(row):
        return tf.random.stateless_normal([size], [row, 0], alg="philox")

    return tf.map_fn(draw, seed, fn_output_signature=tf.TensorSpec([size], tf.float32))


def uniform_rows(seed, size):
    """Draws from [0, 1), one row of `size` for each seed, from it alone: [batch] int64 -> [batch, size] float32."""

    def draw(row):
        return tf.random.stateless_uniform([size], [row, 0], alg="philox")

    return tf.map_fn(draw, seed, fn_output_signature=tf.TensorSpec([size], tf.float32))
