"""Variational autoencoders."""

from .data import Data
from .recipe import Optimizer, Recipe

RECIPES = (
    # Variational autoencoders.
    #
    # Kingma and Welling, "Auto-Encoding Variational Bayes" (2014).
    Recipe(
        name="vae/digits",
        title="A small VAE on scikit-learn's 8x8 digits; offline",
        model="VAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,)},
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={
            "train/loss": (24.3, 0.3),
            "test/loss": (24.5, 0.3),
            "samples/frechet_distance": (3.53, 1.6),
            "samples/recall": (0.702, 0.2),
            "samples/coverage": (0.803, 0.097),
            "samples/class_kl": (0.0292, 0.04),
            "codes/active_units": (6.6, 5.8),
        },
        minutes=0.2,
    ),
    Recipe(
        name="vae/digits_levels",
        title="The 17 levels of the 8x8 digits' pixels as a discretised logistic, in bits per dimension; offline",
        model="VAE",
        input_shape=(8, 8, 1),
        arguments={
            "latent_dim": 8,
            "hidden": (128,),
            "likelihood": {"name": "discretized_logistic", "levels": 17},
        },
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={"train/loss": (83.7, 1.0), "test/loss": (89.7, 1.0)},
        minutes=0.2,
    ),
    Recipe(
        name="vae/mnist",
        title="The lecture's network on MNIST with a better start and schedule",
        model="VAE",
        input_shape=(28, 28, 1),
        arguments={"latent_dim": 10, "hidden": (256,)},
        data=Data("mnist"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=128,
        epochs=15,
        expected={"train/loss": (109.2, 0.4), "test/loss": (109.0, 0.4)},
        minutes=0.8,
    ),
    Recipe(
        name="vae/mnist_notebook",
        title="The lecture's notebook on MNIST, faithfully: 784-256-10, Adam 1e-3",
        model="VAE",
        input_shape=(28, 28, 1),
        # the notebook is a PyTorch one
        arguments={"latent_dim": 10, "hidden": (256,), "initialization": "fan_in"},
        data=Data("mnist"),
        optimizers={"optimizer": Optimizer("adam", 1e-3)},
        batch_size=128,
        epochs=15,
        expected={"train/loss": (111.1, 0.4), "test/loss": (110.5, 0.4)},
        minutes=0.8,
    ),
    Recipe(
        name="vae/mnist_convolutional",
        title="A convolutional VAE on MNIST",
        model="VAE",
        input_shape=(28, 28, 1),
        arguments={"latent_dim": 16, "network": "convolutional", "hidden": (32, 64)},
        data=Data("mnist"),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=128,
        epochs=5,
        expected={"train/loss": (104.6, 0.5), "test/loss": (104.3, 0.5)},
        minutes=3,
    ),
    Recipe(
        name="vae/mnist_binarized",
        title="A warmed-up VAE on MNIST, pixels binarised anew for every batch; for likelihoods",
        model="BetaVAE",
        input_shape=(28, 28, 1),
        # beta grows from 0 to 1, the VAE's, in the first 100 epochs, so that half of the units stay active
        arguments={
            "latent_dim": 50,
            "hidden": (300, 300),
            "beta": {"schedule": "linear", "end": 1.0, "steps": 60_000},
        },
        data=Data("mnist", transforms=(("binarize",),)),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=100,
        epochs=600,
        expected={"train/loss": (90.3, 0.4), "test/loss": (91.2, 0.4)},
        minutes=35,
    ),
    Recipe(
        name="vae/cifar10",
        title="Codes in planes, channels that follow one another: a VAE on CIFAR-10 for bits per dimension",
        model="VAE",
        input_shape=(32, 32, 3),
        arguments={
            "latent_dim": 1024,
            "network": "residual",
            "hidden": (32, 64),
            "residual_blocks": 1,
            "likelihood": {"name": "discretized_logistic", "channels": "conditional"},
            # in the first epoch codes are of use before they cost
            "beta": {"schedule": "linear", "start": 0.0, "end": 1.0, "steps": 625},
        },
        data=Data("cifar10"),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=32,
        epochs=4,
        # one seed, on a copy of CIFAR-10 of 20,000 training images that JPEG of quality 75 has smoothed
        expected={"test/bits_per_dimension": (4.5, 0.15), "test/kl": (893.0, 100.0)},
        minutes=4.5,
    ),
    # beta-VAEs.
    #
    # Higgins et al., "beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework" (ICLR 2017).
    Recipe(
        name="beta_vae/digits",
        title="A beta-VAE (beta 2) on scikit-learn's 8x8 digits; offline",
        model="BetaVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "beta": 2.0},
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={
            "train/loss": (26.7, 0.3),
            "test/loss": (26.8, 0.3),
            "samples/frechet_distance": (11.8, 1.6),
            "samples/recall": (0.183, 0.26),
            "samples/coverage": (0.515, 0.094),
            "samples/class_kl": (0.243, 0.09),
            "codes/active_units": (4.4, 4.5),
        },
        minutes=0.2,
    ),
    Recipe(
        name="beta_vae/digits_normalized",
        title="beta-VAE with a normalised beta (1/4, which is beta 2) on the digits; offline",
        model="BetaVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "beta": 0.25, "normalized": True},
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={
            "train/loss": (26.7, 0.3),
            "test/loss": (26.8, 0.3),
            "samples/frechet_distance": (11.8, 1.6),
            "samples/recall": (0.183, 0.26),
            "samples/coverage": (0.515, 0.094),
            "samples/class_kl": (0.243, 0.09),
            "codes/active_units": (4.4, 4.5),
        },
        minutes=0.2,
    ),
    Recipe(
        name="beta_vae/digits_warm_up",
        title="beta-VAE whose beta grows to 2 in the first half of the training, on the digits; offline",
        model="BetaVAE",
        input_shape=(8, 8, 1),
        arguments={
            "latent_dim": 8,
            "hidden": (128,),
            "beta": {"schedule": "linear", "start": 0.0, "end": 2.0, "steps": 1350},
        },
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={
            "train/loss": (26.7, 0.3),
            "test/loss": (26.8, 0.3),
            "samples/frechet_distance": (9.14, 3.3),
            "samples/recall": (0.322, 0.29),
            "samples/coverage": (0.601, 0.23),
            "samples/class_kl": (0.124, 0.2),
            "codes/active_units": (7.2, 2.3),
        },
        minutes=0.2,
    ),
    Recipe(
        name="beta_vae/digits_cyclic",
        title="beta-VAE whose beta grows to 2 four times, on the digits; offline",
        model="BetaVAE",
        input_shape=(8, 8, 1),
        arguments={
            "latent_dim": 8,
            "hidden": (128,),
            "beta": {"schedule": "cyclic", "start": 0.0, "end": 2.0, "period": 675, "rising": 0.5},
        },
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={"train/loss": (26.7, 0.3), "test/loss": (26.8, 0.3)},
        minutes=0.2,
    ),
    Recipe(
        name="beta_vae/mnist",
        title="A beta-VAE (beta 4) on MNIST",
        model="BetaVAE",
        input_shape=(28, 28, 1),
        arguments={"latent_dim": 10, "hidden": (256,), "beta": 4.0},
        data=Data("mnist"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=128,
        epochs=15,
        expected={"train/loss": (148.3, 0.6), "test/loss": (147.9, 0.6)},
        minutes=0.8,
    ),
    # beta-VAEs with a capacity.
    #
    # Burgess et al., "Understanding disentangling in beta-VAE" (2018), https://arxiv.org/abs/1804.03599.
    Recipe(
        name="burgess_vae/digits",
        title="A VAE whose code grows to 6 nats, on scikit-learn's 8x8 digits; offline",
        model="BurgessVAE",
        input_shape=(8, 8, 1),
        arguments={
            "latent_dim": 8,
            "hidden": (128,),
            "capacity": {"schedule": "linear", "start": 0.0, "end": 6.0, "steps": 2000},
            "gamma": 10.0,
        },
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={"train/loss": (21.4, 0.6), "test/loss": (21.7, 0.6), "test/kl": (6.0, 0.3)},
        minutes=0.2,
    ),
    # beta-TC-VAEs.
    #
    # Chen, Li, Grosse and Duvenaud, "Isolating Sources of Disentanglement in Variational Autoencoders" (2018),
    # https://arxiv.org/abs/1802.04942.
    Recipe(
        name="beta_tc_vae/digits",
        title="A beta-TC-VAE (beta 4) on scikit-learn's 8x8 digits; offline",
        model="BetaTCVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "size": 1437, "beta": 4.0},
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=64,
        epochs=60,
        expected={"train/loss": (24.0, 0.5), "test/loss": (24.4, 0.5)},
        minutes=0.2,
    ),
    # DIP-VAEs.
    #
    # Kumar, Sattigeri and Balakrishnan, "Variational Inference of Disentangled Latent Concepts from Unlabeled
    # Observations"
    # (2018), https://arxiv.org/abs/1711.00848.
    Recipe(
        name="dip_vae/digits",
        title="DIP-VAE-I on scikit-learn's 8x8 digits; offline",
        model="DIPVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "variant": "I", "off_diagonal": 5.0},
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=64,
        epochs=60,
        expected={"train/loss": (35.2, 1.0), "test/loss": (39.2, 1.5)},
        minutes=0.2,
    ),
    Recipe(
        name="dip_vae/digits_ii",
        title="DIP-VAE-II on scikit-learn's 8x8 digits; offline",
        model="DIPVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "variant": "II", "off_diagonal": 5.0},
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=64,
        epochs=60,
        expected={"train/loss": (25.0, 0.4), "test/loss": (25.6, 0.5)},
        minutes=0.2,
    ),
    # InfoVAEs.
    #
    # Zhao, Song and Ermon, "InfoVAE: Balancing Learning and Inference in Variational Autoencoders" (2019),
    # https://arxiv.org/abs/1706.02262.
    Recipe(
        name="info_vae/digits",
        title="An InfoVAE without KL (the MMD-VAE) on scikit-learn's 8x8 digits; offline",
        model="InfoVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "alpha": 1.0, "weight": 100.0},
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=64,
        epochs=60,
        expected={"train/loss": (18.5, 0.6), "test/loss": (19.0, 0.6)},
        minutes=0.2,
    ),
    # FactorVAEs.
    #
    # Kim and Mnih, "Disentangling by Factorising" (2018), https://arxiv.org/abs/1802.05983.
    Recipe(
        name="factor_vae/digits",
        title="A FactorVAE (gamma 10) on scikit-learn's 8x8 digits; offline",
        model="FactorVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "gamma": 10.0, "discriminator_hidden": (128, 128)},
        data=Data("digits"),
        optimizers={
            "optimizer": Optimizer("adam", 2e-3),
            "discriminator_optimizer": Optimizer("adam", 1e-3, arguments={"beta_1": 0.5, "beta_2": 0.9}),
        },
        batch_size=128,
        epochs=60,
        expected={"test/reconstruction": (22.4, 1.0), "test/discriminator": (0.693, 0.03)},
        minutes=0.2,
    ),
    # Importance-weighted autoencoders.
    #
    # Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders" (2016), https://arxiv.org/abs/1509.00519.
    # Pixels are
    # binarised anew for every batch, as in the paper, so that `keraszoo likelihood` gives a likelihood.
    Recipe(
        name="iwae/digits",
        title="Twenty importance samples, doubly reparameterised gradient, binarised 8x8 digits; offline",
        model="IWAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "k": 20, "gradient": "dreg"},
        data=Data("digits", transforms=(("binarize",),)),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={"train/loss": (22.55, 0.3), "test/loss": (22.9, 0.3)},
        minutes=0.3,
    ),
    Recipe(
        name="iwae/mnist_binarized",
        title="Five importance samples and the network of vae/mnist_binarized, for likelihoods",
        model="IWAE",
        input_shape=(28, 28, 1),
        arguments={
            "latent_dim": 50,
            "hidden": (300, 300),
            "k": 5,
            "gradient": "dreg",
            "beta": {"schedule": "linear", "end": 1.0, "steps": 60_000},
        },
        data=Data("mnist", transforms=(("binarize",),)),
        optimizers={"optimizer": Optimizer("adam", 2e-3, decay="cosine")},
        batch_size=100,
        epochs=400,
        expected={"train/loss": (87.4, 0.4), "test/loss": (88.2, 0.4)},
        minutes=52,
    ),
    # Ladder VAEs.
    #
    # Sonderby, Raiko, Maaloe, Sonderby and Winther, "Ladder Variational Autoencoders" (2016),
    # https://arxiv.org/abs/1602.02282. Pixels are binarised anew for every batch, so that `keraszoo likelihood` gives a
    # likelihood.
    Recipe(
        name="ladder_vae/digits",
        title="Two levels of codes, the KL warmed up, binarised 8x8 digits; offline",
        model="LadderVAE",
        input_shape=(8, 8, 1),
        arguments={
            "latent_dims": (8, 4),
            "hidden": (128,),
            "top_hidden": (64,),
            "beta": {"schedule": "linear", "end": 1.0, "steps": 1350},
        },
        data=Data("digits", transforms=(("binarize",),)),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        # three seeds
        expected={
            "test/loss": (23.1, 1.0),
            "samples/frechet_distance": (3.32, 3.1),
            "samples/recall": (0.656, 0.16),
            "samples/coverage": (0.986, 0.11),
            "samples/class_kl": (0.0207, 0.043),
            "codes/active_units": (12.0, 1.0),
        },
        minutes=0.8,
    ),
    # Conditional VAEs.
    #
    # Sohn, Lee and Yan, "Learning Structured Output Representation using Deep Conditional Generative Models" (2015).
    Recipe(
        name="conditional_vae/digits",
        title="8x8 digits of any class, in any style; offline",
        model="ConditionalVAE",
        input_shape=(8, 8, 1),
        arguments={
            "latent_dim": 8,
            "hidden": (128,),
            "likelihood": {"name": "discretized_logistic", "levels": 17},
        },
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={
            "train/loss": (77.0, 1.0),
            "test/loss": (84.9, 1.0),
            "samples/frechet_distance": (0.499, 0.3),
            "samples/recall": (0.799, 0.21),
            "samples/coverage": (0.952, 0.08),
            "samples/class_kl": (0.00182, 0.04),
        },
        minutes=0.2,
    ),
    # VAEs with a VampPrior.
    #
    # Tomczak and Welling, "VAE with a VampPrior" (2018), https://arxiv.org/abs/1705.07120. Pixels are binarised anew
    # for
    # every batch, so that `keraszoo likelihood` gives a likelihood.
    Recipe(
        name="vamp/digits",
        title="Fifty pseudo-inputs, binarised 8x8 digits; offline",
        model="VampVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "prior_components": 50},
        data=Data("digits", transforms=(("binarize",),)),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={"train/loss": (22.9, 0.3), "test/loss": (23.2, 0.3)},
        minutes=0.3,
    ),
    # Deep feature consistent VAEs.
    #
    # Hou, Shen, Sun and Qiu, "Deep Feature Consistent Variational Autoencoder" (2017),
    # https://arxiv.org/abs/1610.00291.
    #
    # In the features of a classifier instead of a random network:
    #
    #     keraszoo train classifier/digits --run runs/classifier
    #     keraszoo train dfc_vae/digits --set loss_network=runs/classifier
    Recipe(
        name="dfc_vae/digits",
        title="A VAE in the features of a random network, on scikit-learn's 8x8 digits; offline",
        model="DFCVAE",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "beta": 1.0},
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=30,
        expected={"test/loss": (17.5, 0.4), "test/kl": (6.2, 0.4)},
        minutes=0.2,
    ),
    Recipe(
        name="dfc_vae/cifar10",
        title="A VAE in the features of a random network, on CIFAR-10; classes are added to and taken from its codes",
        model="DFCVAE",
        input_shape=(32, 32, 3),
        arguments={"latent_dim": 128, "network": "convolutional", "hidden": (32, 64, 128), "beta": 1.0},
        data=Data("cifar10"),
        optimizers={"optimizer": Optimizer("adam", 1e-3, decay="cosine")},
        batch_size=64,
        epochs=6,
        # one seed, on 20,000 training images that JPEG of quality 75 has smoothed; 6 CPU minutes
        expected={"test/features": (190.0, 6.0), "test/kl": (47.5, 3.0)},
        minutes=4,
    ),
    # VAE-GANs.
    #
    # Larsen, Sonderby, Larochelle and Winther, "Autoencoding beyond pixels using a learned similarity metric" (2016),
    # https://arxiv.org/abs/1512.09300.
    Recipe(
        name="vae_gan/digits",
        title="A VAE-GAN on scikit-learn's 8x8 digits; offline",
        model="VAEGAN",
        input_shape=(8, 8, 1),
        arguments={"latent_dim": 8, "hidden": (128,), "gamma": 1.0, "discriminator_hidden": (128, 64)},
        data=Data("digits"),
        optimizers={
            "optimizer": Optimizer("adam", 2e-3),
            "decoder_optimizer": Optimizer("adam", 2e-3, arguments={"beta_1": 0.5}),
            "discriminator_optimizer": Optimizer("adam", 2e-3, arguments={"beta_1": 0.5}),
        },
        batch_size=32,
        epochs=20,
        expected={"test/kl": (4.4, 1.5), "test/features": (14.5, 4.0), "test/discriminator": (1.04, 0.35)},
        minutes=0.3,
    ),
    # VQ-VAEs with a PixelCNN as prior.
    #
    # Van den Oord, Vinyals and Kavukcuoglu, "Neural Discrete Representation Learning" (2017),
    # https://arxiv.org/abs/1711.00937.
    Recipe(
        name="vq_vae/digits",
        title="A VQ-VAE of 2x2 codes out of 32 on scikit-learn's 8x8 digits; offline",
        model="VQVAE",
        input_shape=(8, 8, 1),
        arguments={
            "num_codes": 32,
            "code_dim": 8,
            "hidden": (16, 32),
            "residual_blocks": 1,
            "prior_filters": 32,
        },
        data=Data("digits"),
        optimizers={
            "optimizer": Optimizer("adam", 3e-3, decay="cosine"),
            "prior_optimizer": Optimizer("adam", 3e-3, decay="cosine"),
        },
        batch_size=64,
        epochs=40,
        expected={
            "test/reconstruction": (17.8, 0.84),
            "test/prior": (12.6, 1.1),
            "samples/frechet_distance": (1.2, 1.3),
            "samples/recall": (0.902, 0.21),
            "samples/coverage": (0.908, 0.086),
            "samples/class_kl": (0.0171, 0.052),
        },
        minutes=0.3,
    ),
    Recipe(
        name="vq_vae/mnist",
        title="A VQ-VAE of 7x7 codes out of 128 on MNIST",
        model="VQVAE",
        input_shape=(28, 28, 1),
        arguments={"num_codes": 128, "code_dim": 16, "hidden": (32, 64), "residual_blocks": 1, "prior_filters": 32},
        data=Data("mnist"),
        optimizers={
            "optimizer": Optimizer("adam", 2e-3, decay="cosine"),
            "prior_optimizer": Optimizer("adam", 2e-3, decay="cosine"),
        },
        batch_size=128,
        epochs=5,
        expected={"test/reconstruction": (53.7, 1.0), "test/prior": (125.8, 2.5)},
        minutes=16,
    ),
    Recipe(
        name="vq_vae/cifar10",
        title="A VQ-VAE of 8x8 codes out of 512 on CIFAR-10",
        model="VQVAE",
        input_shape=(32, 32, 3),
        arguments={
            "num_codes": 512,
            "code_dim": 64,
            "hidden": (32, 128),
            "residual_blocks": 1,
            "prior_filters": 64,
            "likelihood": {"name": "discretized_logistic", "channels": "conditional"},
        },
        data=Data("cifar10"),
        optimizers={
            "optimizer": Optimizer("adam", 1e-3, decay="cosine"),
            "prior_optimizer": Optimizer("adam", 2e-3, decay="cosine"),
        },
        batch_size=128,
        epochs=5,
        # one seed, on 20,000 training images that JPEG of quality 75 has smoothed; 19 CPU minutes
        expected={
            "test/reconstruction": (10530.0, 150.0),
            "test/prior": (266.0, 8.0),
            "test/perplexity": (428.0, 60.0),
        },
        minutes=12,
    ),
    # VAEs with normalizing flows.
    #
    # Rezende and Mohamed, "Variational Inference with Normalizing Flows" (2015), https://arxiv.org/abs/1505.05770;
    # Kingma et
    # al., "Improved Variational Inference with Inverse Autoregressive Flow" (2016), https://arxiv.org/abs/1606.04934.
    Recipe(
        name="flow_vae/digits",
        title="Inverse autoregressive posterior, RealNVP prior, 8x8 digits; offline",
        model="FlowVAE",
        input_shape=(8, 8, 1),
        arguments={
            "latent_dim": 8,
            "hidden": (128,),
            "posterior": "iaf",
            "posterior_transforms": 2,
            "prior": "realnvp",
            "prior_transforms": 4,
        },
        data=Data("digits"),
        optimizers={"optimizer": Optimizer("adam", 3e-3, decay="cosine")},
        batch_size=32,
        epochs=60,
        expected={"test/loss": (24.15, 0.3)},
        minutes=0.6,
    ),
)
