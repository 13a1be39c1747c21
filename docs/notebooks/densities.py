# %% [markdown]
# # Densities and flows
#
# A histogram, kernels, a mixture of Gaussians and a normalizing flow learn the same points in the plane. Since it is
# known how the points were made, it is known what the best possible value is.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

from keraszoo.data import load
from keraszoo.models import NSF, GaussianMixture, Histogram, KernelDensity

moons = load("points/moons")
x, x_test = moons.array("train")[:20_000], moons.array("test")
print(x.shape, x_test.shape)

# %% [markdown]
# The points lie on two half circles, with noise of standard deviation .05 around them. The mean of $-\log p(x)$ under
# the true density is .284 nats on these test points: no model can be better by more than chance.

# %%
plt.figure(figsize=(5, 3))
plt.scatter(*x[:2000].T, s=2)
plt.axis("equal")
plt.show()

# %% [markdown]
# ## Four densities
#
# Three need no gradients. A histogram counts; kernels lie around each example, their width is what leaves each
# example most probable under the others; the mixture learns by expectation maximisation, an iteration in each epoch.

# %%
keras.utils.set_random_seed(0)
histogram = Histogram((2,), bins=40, range=((-1.4, 2.4), (-0.9, 1.4)), pseudocount=0.01)  # beyond, its density is 0
histogram.compile()
histogram.fit(x, verbose=0)

kernels = KernelDensity((2,), bandwidth="likelihood", examples=5000)
kernels.adapt(x)

mixture = GaussianMixture((2,), components=20)
mixture.compile()
em = mixture.fit(x, batch_size=5000, epochs=30, verbose=0).history["loss"]

# %% [markdown]
# The flow is a chain of invertible splines $T$ that makes data of noise, $x = T(z)$, so that
#
# $$ \log p(x) = \log \mathcal N(z; 0, I) + \log \left| \det \frac{\partial z}{\partial x} \right| $$
#
# is exact, and is what it maximises.

# %%
flow = NSF((2,), form="coupling", transforms=3, bins=8, hidden=(64, 64))
flow.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, 40 * 39)), steps_per_execution=39)
learned = flow.fit(x, batch_size=512, epochs=40, verbose=0).history["loss"]

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3))
left.plot(em)
left.set(title="mixture: EM", xlabel="iteration", ylabel="-log p, nats")
right.plot(learned)
right.axhline(0.284, color="black", linestyle=":")
right.set(title="flow: Adam", xlabel="epoch", ylim=(0.2, 1.5))
plt.show()

# %% [markdown]
# ## Beside the truth

# %%
models = {"histogram": histogram, "kernels": kernels, "mixture": mixture, "flow": flow}
print("truth       0.284")
for name, model in models.items():
    print(f"{name:10}  {-np.mean(model.log_prob(x_test)):.3f}")

# %% [markdown]
# The densities as pictures: brightness is $p(x)$.

# %%
across, up = np.linspace(-1.4, 2.4, 150), np.linspace(-0.9, 1.4, 100)
grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2).astype("float32")
figure, axes = plt.subplots(2, 2, figsize=(9, 5.6))
for (name, model), axis in zip(models.items(), axes.ravel(), strict=True):
    density = np.exp(model.log_prob(grid)).reshape(100, 150)
    axis.imshow(density, origin="lower", extent=(-1.4, 2.4, -0.9, 1.4), vmax=2.0, cmap="magma")
    axis.set_title(name)
    axis.axis("off")
plt.show()

# %% [markdown]
# ## Samples

# %%
figure, axes = plt.subplots(1, 4, figsize=(12, 2.4), sharex=True, sharey=True)
for (name, model), axis in zip(models.items(), axes, strict=True):
    axis.scatter(*np.asarray(model.sample(1500, seed=0)).T, s=1)
    axis.set(title=name, xlim=(-1.4, 2.4), ylim=(-0.9, 1.4), aspect="equal")
plt.show()

# %% [markdown]
# ## Into noise and back
#
# The flow's noise $z$ of the test points is close to normal, and its way back gives the points again.

# %%
z = flow.encode(x_test)
back = np.abs(flow.decode(z) - x_test).max()
print(
    "mean",
    np.mean(z, axis=0).round(3),
    " covariance",
    np.cov(z, rowvar=False).round(3).tolist(),
    f" back to {back:.1e}",
)

# %% [markdown]
# Which density to take is told with measurements in [densities](../densities.md#which-density-to-take): it depends on
# how many features and how many examples there are.
