"""The convolutional autoencoder.

Masci et al., "Stacked Convolutional Auto-Encoders for Hierarchical Feature Extraction", ICANN 2011.
"""

import keras

from .autoencoder import Autoencoder


@keras.saving.register_keras_serializable("keraszoo")
class ConvolutionalAutoencoder(Autoencoder):
    """An `Autoencoder` of convolutions: each hidden layer halves the image, and the decoder doubles it again.

    Args:
        image_shape: (height, width, channels), height and width divisible by 2 per hidden layer.
        latent_dim, hidden, likelihood, ...: as for `Autoencoder`.
        downsampling: "stride", "max" or "average" pooling.
        upsampling: "transposed" convolution, "nearest" or "bilinear".
        padding: "zero", "mirrored" or "periodic" (not with transposed convolutions).

    Example:
        >>> model = ConvolutionalAutoencoder((8, 8, 1), latent_dim=4, hidden=(8, 16), downsampling="max")
        >>> model.encode(keras.ops.zeros((2, 8, 8, 1))).shape
        TensorShape([2, 4])
    """

    defaults = {"network": "convolutional"}
