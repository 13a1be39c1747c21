"""Adam, one operation for each large variable.

Keras writes the update as a dozen operations, each of which goes over the whole variable; TensorFlow's ApplyAdam is the
same formula in one pass.
"""

import keras
import tensorflow as tf

#: elements from which on the one operation is faster on a CPU; on a GPU it always is. Measured by
#: benchmarks/step_time.py: .81 of the step's time with 200,704 elements, 1.1 with 25,088 each.
LARGE = 2**16


def in_one_pass(optimizer: keras.optimizers.Optimizer) -> None:
    """Lets an Adam or AdamW of Keras update its large variables in one operation each, with the same result.

    Clipping, weight decay, moving averages, schedules, accumulated gradients and what is saved stay Keras'. Other
    optimizers, subclasses, which may have an update of their own, and AMSGrad are left as they are.

    Args:
        optimizer: a Keras optimizer; changed in place.
    """
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer = optimizer.inner_optimizer
    if type(optimizer) not in (keras.optimizers.Adam, keras.optimizers.AdamW) or optimizer.amsgrad:
        return
    several = type(optimizer).update_step

    def update_step(gradient, variable, learning_rate):
        if isinstance(gradient, tf.IndexedSlices) or not _is_large(variable):
            return several(optimizer, gradient, variable, learning_rate)
        index = optimizer._get_variable_index(variable)
        number = tf.cast(keras.ops.convert_to_tensor(optimizer.iterations) + 1, variable.dtype)
        beta_1, beta_2 = (tf.constant(beta, variable.dtype) for beta in (optimizer.beta_1, optimizer.beta_2))
        return tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=optimizer._momentums[index].value.handle,
            v=optimizer._velocities[index].value.handle,
            beta1_power=beta_1**number,
            beta2_power=beta_2**number,
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.constant(optimizer.epsilon, variable.dtype),
            grad=tf.cast(gradient, variable.dtype),
        )

    object.__setattr__(optimizer, "update_step", update_step)  # Keras would look for variables in it


def _is_large(variable):
    return variable.shape.num_elements() >= LARGE or "GPU" in variable.device
