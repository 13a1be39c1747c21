# %% [markdown]
# # Disentanglement
#
# Images that differ in five known ways: shape, scale, rotation, and where the shape lies. Does a VAE that has never
# been told them find them, each in a unit of its code? Three objectives, one measure.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

from keraszoo.analysis import traversal
from keraszoo.data import load
from keraszoo.data.datasets.factors import factor_values, known_factors
from keraszoo.metrics import mutual_information_gap
from keraszoo.models import VAE, BetaTCVAE, BetaVAE

shapes = load("shapes/32")
x = shapes.array("train").astype("float32") / 255
x_test, factors = shapes.array("test").astype("float32") / 255, factor_values(shapes, "test")
print(known_factors("shapes/32"))
print(x.shape, x_test.shape, factors.shape)

figure, axes = plt.subplots(1, 10, figsize=(12, 1.4))
for image, axis in zip(x[:: len(x) // 10], axes, strict=False):
    axis.imshow(image[..., 0], cmap="gray")
    axis.axis("off")
plt.show()

# %% [markdown]
# ## Three objectives
#
# The VAE's KL divergence, averaged over the data, has three parts:
#
# $$ \mathrm{KL} = I(x; z) + \mathrm{KL}\Big(q(z) \,\Big\|\, \prod_j q(z_j)\Big)
# + \sum_j \mathrm{KL}(q(z_j) \,\|\, p(z_j)) $$
#
# A beta-VAE multiplies all of it by $\beta$; a beta-TC-VAE only the middle part, the total correlation, which is 0
# where the units are independent. All three train the same networks, three times through the images.

# %%
objectives = {
    "VAE": (VAE, {}),
    "beta-VAE, beta 8": (BetaVAE, {"beta": 8.0}),
    "beta-TC-VAE, beta 6": (BetaTCVAE, {"beta": 6.0, "size": len(x)}),
}
models = {}
for name, (objective, arguments) in objectives.items():
    keras.utils.set_random_seed(0)
    models[name] = objective((32, 32, 1), latent_dim=10, hidden=(256, 256), **arguments)
    models[name].compile(keras.optimizers.Adam(1e-3), steps_per_execution=81)
    models[name].fit(x, batch_size=256, epochs=3, verbose=0)

# %% [markdown]
# ## The mutual information gap
#
# For each factor: how much more does the best unit know of it than the second best, as a share of all there is to
# know? 1 would be one unit for each factor. On data of this kind the factors themselves, as a code, score about .9.

# %%
codes = {name: np.asarray(model.encode(x_test)) for name, model in models.items()}
for name, model in models.items():
    scores = model.evaluate(x_test, batch_size=256, verbose=0, return_dict=True)
    gap = mutual_information_gap(codes[name], factors)
    print(f"{name:20} MIG {float(np.mean(gap)):.3f}   reconstruction {scores['reconstruction']:.1f} nats")

# %% [markdown]
# Independence is paid for with reconstruction, and one training each does not rank the objectives: [the table over
# seeds](../disentanglement.md#objectives-at-one-budget) has standard deviations as large as some of the differences.
#
# ## What the units do
#
# Each row moves one unit of one image's code from -2.5 to 2.5, in the order of how much the units vary.


# %%
def traversals(model, codes, example=7, units=5):
    order = np.argsort(-codes.var(axis=0))[:units]
    points = traversal(codes[example], order, np.linspace(-2.5, 2.5, 9)).astype("float32")
    return np.asarray(model.decode(points.reshape(-1, codes.shape[1]))).reshape(units, 9, 32, 32)


figure, axes = plt.subplots(1, 3, figsize=(13, 2.8))
for (name, model), axis in zip(models.items(), axes, strict=True):
    rows = traversals(model, codes[name])
    axis.imshow(rows.transpose(0, 2, 1, 3).reshape(5 * 32, 9 * 32), cmap="gray", vmin=0, vmax=1)
    axis.set_title(name)
    axis.axis("off")
plt.show()

# %% [markdown]
# Six more measures, what each asks, and what they cannot tell: [disentanglement](../disentanglement.md). On the
# command line `keraszoo disentanglement RUN` prints all of them.
