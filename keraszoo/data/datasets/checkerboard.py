"""A checkerboard: a density that is constant, with edges."""

import numpy as np


class Checkerboard:
    """Uniform on the eight black squares of the board [-4, 4]^2, of side 2; [0, 2]^2 is one of them.

    The entropy is log 32 = 3.466 nats.
    """

    num_classes = 8
    centres = np.array([(x, y) for x in (-3, -1, 1, 3) for y in (-3, -1, 1, 3) if (x + y) % 4 == 2])

    def sample(self, count, random):
        """Draws (x [count, 2] float32, square [count]) with a `numpy.random.RandomState`."""
        square = random.randint(len(self.centres), size=count)
        x = self.centres[square] + 2 * random.random_sample((count, 2)) - 1
        return x.astype("float32"), square

    def log_prob(self, x):
        """The log density, in nats: [n, 2] -> [n]. It is -inf outside the black squares, whose edges belong to them.

        Example:
            >>> Checkerboard().log_prob([[1.0, 1.0], [1.0, -1.0]]).round(4)
            array([-3.4657,    -inf])
        """
        distances = np.abs(np.asarray(x, "float64")[:, None] - self.centres).max(axis=2)
        return np.where((distances <= 1).any(axis=1), -np.log(32), -np.inf)
