"""The colourisation autoencoder.

Zhang, Isola and Efros, "Colorful Image Colorization", ECCV 2016, https://arxiv.org/abs/1603.08511; here by squared
error, the paper's baseline, whose colours are the mean of the plausible ones.
"""

import keras
import numpy as np
import tensorflow as tf

from ...core.errors import InputError
from ...core.inputs import Input
from .restoration import RestorationAutoencoder


@keras.saving.register_keras_serializable("keraszoo")
class ColorizationAutoencoder(RestorationAutoencoder):
    """Colours grey images: `restore(grey)` takes [batch, H, W, 1] and returns [batch, H, W, 3].

    Trained on colour images and their luminance.

    Args:
        image_shape: (height, width, 3).
        hidden, network, ...: as for `RestorationAutoencoder`; a network of your own maps 1 channel to 3.

    Example:
        >>> import numpy as np
        >>> model = ColorizationAutoencoder((8, 8, 3), hidden=(8,))
        >>> model.restore(np.zeros([2, 8, 8, 1], "float32")).shape
        TensorShape([2, 8, 8, 3])
    """

    def __init__(self, image_shape, **kwargs):
        if tuple(image_shape)[2:] != (3,):
            raise InputError(
                f"ColorizationAutoencoder learns from colour images, (height, width, 3). Received: "
                f"image_shape={tuple(image_shape)}."
            )
        super().__init__(image_shape, **kwargs)

    @property
    def input_channels(self):
        return 1

    @property
    def call_inputs(self):
        return Input((None, None, None), (0.0, 1.0), any_size=True)

    def _get_save_spec(self, dynamic_batch=True):
        return self.degraded.spec()

    def degrade(self, x, seed=None):
        return (tf.image.rgb_to_grayscale(x),)

    def baseline(self, image, *, mean):
        return "grey", np.repeat(image, 3, axis=-1)

    def start(self, image):
        return tf.repeat(image, 3, axis=-1)

    def call(self, x, training=False):
        """`restore` of grey images; colour images lose their colours first."""
        return self.restore(tf.image.rgb_to_grayscale(x) if x.shape[-1] == 3 else x)
