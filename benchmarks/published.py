"""What papers tell of the models and data of our recipes, and how they came to it. Imports no TensorFlow."""

import typing


class Published(typing.NamedTuple):
    """A published value.

    Attributes:
        recipe: ours.
        measure: of ours that comes closest to the published one.
        value: the published one, with its unit.
        source: authors, year and place in the paper.
        url: of the paper.
        differs: what is not the same there and here.
    """

    recipe: str
    measure: str
    value: str
    source: str
    url: str
    differs: str


SMOOTH = "here 20,000 training images of CIFAR-10, compressed by JPEG at quality 75"
IWAE = ("Burda, Grosse and Salakhutdinov (2016), table 1", "https://arxiv.org/abs/1509.00519")
LENET = ("LeCun, Bottou, Bengio and Haffner (1998), section III", "https://doi.org/10.1109/5.726791")

PUBLISHED = (
    Published(
        "vae/mnist_binarized",
        "test/loss",
        "-log p(x) 86.76",
        *IWAE,
        "theirs is an estimate by 5000 draws, ours the bound, and by 5000 draws [86.25 ± .22](likelihoods.md#mnist)."
        " Networks of 200-200 there, 300-300 here; 3280 epochs there, 600 and a warm-up here",
    ),
    Published(
        "iwae/mnist_binarized",
        "test/loss",
        "-log p(x) 85.54, 5 draws in training",
        *IWAE,
        "as above; by 5000 draws ours is [84.94 ± .22](likelihoods.md#mnist). 400 epochs here",
    ),
    Published(
        "vae/cifar10",
        "test/bits_per_dimension",
        "at most 3.11 bits per dimension",
        "Kingma et al. (2016)",
        "https://arxiv.org/abs/1606.04934",
        f"many layers of codes with autoregressive posteriors there, one layer here; {SMOOTH}",
    ),
    Published(
        "glow/cifar10",
        "test/bits_per_dimension",
        "3.35 bits per dimension",
        "Kingma and Dhariwal (2018), table 2",
        "https://arxiv.org/abs/1807.03039",
        f"3 scales of 32 steps, 512 filters there, 6 steps, 64 filters here; {SMOOTH}, so that bits do not compare",
    ),
    Published(
        "glow/mnist",
        "test/logit_nll",
        "1038.5 nats (MADE of mixtures)",
        "Papamakarios, Pavlakou and Murray (2017)",
        "https://arxiv.org/abs/1705.07057",
        "the same measure of the same test images, dequantised anew; dense networks there, convolutions here; 50,000"
        " training images there, 60,000 here",
    ),
    Published(
        "vq_vae/cifar10",
        "test/reconstruction",
        "4.67 bits per dimension",
        "Van den Oord, Vinyals and Kavukcuoglu (2017)",
        "https://arxiv.org/abs/1711.00937",
        f"nats an image without the codes here; {SMOOTH}",
    ),
    Published(
        "classifier/mnist_lenet5_1998",
        "test/accuracy",
        ".9905",
        *LENET,
        "20 passes over single images there, 15 over batches of 128 here ([why it matters](classic_networks.md))",
    ),
    Published(
        "classifier/mnist_augmented",
        "test/accuracy",
        ".992, with distorted digits",
        *LENET,
        "planar affine distortions there, moved by up to two pixels here; ReLU, schedule and smoothed labels are new",
    ),
    Published(
        "classifier/cifar10_resnet20",
        "test/accuracy",
        ".9125",
        "He, Zhang, Ren and Sun (2016), table 6",
        "https://arxiv.org/abs/1512.03385",
        f"50,000 images and 164 epochs there, 20 epochs here; {SMOOTH}",
    ),
    Published(
        "gan/gaussians25",
        "samples/modes",
        "24.6 modes, 40 % of high quality (VEEGAN)",
        "Srivastava et al. (2017), table 1",
        "https://arxiv.org/abs/1705.07761",
        "a GAN that is made against collapse there, the plain one here; the same grid of 25 Gaussians",
    ),
    Published(
        "unet/isbi2012",
        "test/pixel_error",
        ".0611",
        "Ronneberger, Fischer and Brox (2015), table 1",
        "https://arxiv.org/abs/1505.04597",
        "30 slices to learn from and the challenge's hidden test stack there; 16 slices, and 4 others as test, here",
    ),
)
