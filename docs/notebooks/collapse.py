# %% [markdown]
# # A GAN that collapses, and one that does not
#
# A generator follows the gradient of what the discriminator says now. Where all its samples go to the place that
# looks most real, the discriminator learns to refuse that place, and they move on to the next: classes come and go. A
# penalty on the discriminator's gradient at real examples, R1, flattens it there,
#
# $$ \frac{r_1}{2}\, \mathbb{E}_x \left\| \nabla D(x) \right\|^2 . $$

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

import keraszoo
from keraszoo.data import load
from keraszoo.metrics import compare_samples
from keraszoo.models import GAN

digits = load("digits")
x, x_test = digits.array("train") / 255.0, digits.array("test") / 255.0
judge = keraszoo.load("classifier/digits")  # comes with the library: names the digits of samples


# %% [markdown]
# ## Two trainings
#
# The same networks, the same optimizers, the same start and order; one difference. After every sixth epoch 360
# samples of the same noise are kept.


# %%
class Kept(keras.callbacks.Callback):
    """Samples of the same noise, after every sixth epoch."""

    def __init__(self):
        super().__init__()
        self.samples = []

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % 6 == 0:
            self.samples.append(np.asarray(self.model.sample(360, seed=0)))


def trained_gan(r1):
    keras.utils.set_random_seed(101)
    gan = GAN(
        (8, 8, 1), latent_dim=16, hidden=(128, 128), discriminator_hidden=(128, 128), value_range=(0.0, 1.0), r1=r1
    )
    gan.compile(
        keras.optimizers.Adam(1e-3, beta_1=0.5),
        discriminator_optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5),
        steps_per_execution=22,
    )
    kept = Kept()
    gan.fit(x, batch_size=64, epochs=60, callbacks=[kept], verbose=0)
    return kept.samples


kept = {"without the penalty": trained_gan(0.0), "with it": trained_gan(1.0)}

# %% [markdown]
# ## What becomes of the classes
#
# The share of each class among the samples, epoch by epoch, as the judge sees them. A healthy epoch has ten equal
# parts.

# %%
figure, axes = plt.subplots(1, 2, figsize=(10, 3.5), sharey=True)
for (name, samples), axis in zip(kept.items(), axes, strict=True):
    shares = np.stack([np.bincount(np.argmax(judge.classify(each), axis=1), minlength=10) / 360 for each in samples])
    axis.stackplot(np.arange(6, 61, 6), shares.T, colors=plt.cm.tab10.colors, labels=range(10))
    axis.set(title=name, xlabel="epoch", xlim=(6, 60), ylim=(0, 1))
axes[0].set_ylabel("share of each class")
axes[1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# The last samples.

# %%
figure, axes = plt.subplots(1, 2, figsize=(8, 4))
for (name, samples), axis in zip(kept.items(), axes, strict=True):
    framed = np.pad(samples[-1][:64, ..., 0], [(0, 0), (1, 1), (1, 1)], constant_values=0.5)
    axis.imshow(framed.reshape(8, 8, 10, 10).swapaxes(1, 2).reshape(80, 80), cmap="gray", vmin=0, vmax=1)
    axis.set_title(name)
    axis.axis("off")
plt.show()

# %% [markdown]
# ## In numbers
#
# Losses of a GAN do not tell. Measures on the judge's features do: recall is the share of the real digits that lie
# among the samples, the Frechet distance that of two Gaussians fitted to both.

# %%
real = judge.features(x_test)
for name, samples in {"real training digits": x[:360], **{name: each[-1] for name, each in kept.items()}}.items():
    scores = compare_samples(real, judge.features(samples))
    print(f"{name:22} Frechet distance {scores['frechet_distance']:5.2f}   recall {scores['recall']:.2f}")

# %% [markdown]
# [GANs](../gans.md#mode-collapse) has the same as a recipe, `keraszoo train gan/digits --set r1=0 --seed 101`, and
# the values of all recipes.
