# %% [markdown]
# # A first VAE
#
# Handwritten digits become points of a plane, and points of the plane become digits.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

from keraszoo.analysis import latent_plane
from keraszoo.data import load
from keraszoo.models import VAE

digits = load("digits")
x, y = digits.array("train") / 255.0, digits.array("train", "label")
x_test, y_test = digits.array("test") / 255.0, digits.array("test", "label")
print(x.shape, x_test.shape, x.min(), x.max())


# %%
def show(rows, title=""):
    """Images [rows, columns, height, width, 1] as one picture."""
    rows = np.pad(np.asarray(rows)[..., 0], [(0, 0), (0, 0), (1, 0), (1, 0)], constant_values=0.5)
    picture = np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)
    plt.figure(figsize=(rows.shape[1] / 2, rows.shape[0] / 2))
    plt.imshow(picture, cmap="gray", vmin=0, vmax=1)
    plt.axis("off")
    plt.title(title)
    plt.show()


show(x[:40].reshape(4, 10, 8, 8, 1))

# %% [markdown]
# ## The model
#
# The encoder gives a normal distribution $q(z \mid x)$ over a code of two numbers, the decoder a probability for each
# pixel. The loss is the negative evidence lower bound, in nats per image:
#
# $$ -\log p(x) \;\le\; -\mathbb{E}_{q(z \mid x)} \log p(x \mid z) + \mathrm{KL}(q(z \mid x) \,\|\, \mathcal N(0, I)) $$
#
# The first term is told as `reconstruction`, the second as `kl`.
#
# A model of the zoo knows its own loss, so `compile` takes the optimizer alone.

# %%
keras.utils.set_random_seed(0)
vae = VAE((8, 8, 1), latent_dim=2, hidden=(128,))
vae.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, 100 * 45)), steps_per_execution=45)
history = vae.fit(x, batch_size=32, epochs=100, validation_data=(x_test,), verbose=0).history

for name in ("loss", "reconstruction", "kl"):
    plt.plot(history[name], label=name)
    plt.plot(history[f"val_{name}"], "--", color=plt.gca().lines[-1].get_color())
plt.xlabel("epoch")
plt.ylabel("nats per image; dashed: test digits")
plt.legend()
plt.show()

# %% [markdown]
# ## What it rebuilds
#
# Above test digits, below what the decoder makes of the means of their codes. Two numbers must say which digit it is
# and how it is written.

# %%
show(np.stack([x_test[:12], vae.reconstruct(x_test[:12])]))

# %% [markdown]
# ## The plane
#
# The codes of the test digits in the colours of their classes, which the model has never seen.

# %%
codes = vae.encode(x_test)
plt.figure(figsize=(6, 5))
plt.scatter(codes[:, 0], codes[:, 1], c=y_test, cmap="tab10", s=15)
plt.colorbar(label="class")
plt.axis("equal")
plt.show()

# %% [markdown]
# And the other way round: the plane decoded, at places between which the prior $\mathcal N(0, I)$ has the same mass.

# %%
plane = latent_plane(2, 15)
show(np.reshape(vae.decode(plane.reshape(-1, 2).astype("float32")), (15, 15, 8, 8, 1)))

# %% [markdown]
# ## Samples, and a code of eight numbers
#
# Samples are decoded draws from the prior. Eight numbers in the place of two rebuild more, and cost more nats: the
# bound weighs one against the other.

# %%
keras.utils.set_random_seed(0)
larger = VAE((8, 8, 1), latent_dim=8, hidden=(128,))
larger.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, 60 * 45)), steps_per_execution=45)
larger.fit(x, batch_size=32, epochs=60, verbose=0)

for name, model in {"two numbers": vae, "eight numbers": larger}.items():
    scores = model.evaluate(x_test, verbose=0, return_dict=True)
    print(name, {term: round(value, 1) for term, value in scores.items()})
show(np.reshape(vae.sample(20, seed=0), (2, 10, 8, 8, 1)), "two numbers")
show(np.reshape(larger.sample(20, seed=0), (2, 10, 8, 8, 1)), "eight numbers")

# %% [markdown]
# `keraszoo train vae/digits` is the same as a recipe, with pictures of every epoch in TensorBoard. What else a VAE
# can be is told in [the models](../models/vaes.md).
