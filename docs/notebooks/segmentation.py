# %% [markdown]
# # Segmentation
#
# A U-Net learns to find cells in drawings. Where cells touch, finding the pixels is not enough: each cell is to be an
# object of its own.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from skimage.segmentation import mark_boundaries

from keraszoo.data import load
from keraszoo.metrics import segmentation_scores
from keraszoo.models import UNet

cells = load("cells")
x, masks = cells.array("train") / np.float32(255), cells.array("train", "label")
x_test, masks_test = cells.array("test") / np.float32(255), cells.array("test", "label")
print(x.shape, masks.shape, x_test.shape)

# %%
figure, axes = plt.subplots(2, 4, figsize=(10, 5))
for column in range(4):
    axes[0, column].imshow(x[column, ..., 0], cmap="gray", vmin=0, vmax=1)
    axes[1, column].imshow(np.squeeze(masks[column]), cmap="gray")
for axis in axes.ravel():
    axis.axis("off")
plt.show()

# %% [markdown]
# ## Training
#
# The last 16 drawings are kept to choose two levels by. Each of the others, 128 x 128 pixels, is learned once: as
# four quarters, each in eight positions. The loss is the cross-entropy of the pixels and the Dice of the areas.


# %%
def quarters(images):
    return np.concatenate([images[:, i : i + 64, j : j + 64] for i in (0, 64) for j in (0, 64)])


def positions(images):
    turned = [np.rot90(images, turns, axes=(1, 2)) for turns in range(4)]
    return np.concatenate([image for each in turned for image in (each, each[:, ::-1])])


examples, targets = positions(quarters(x[:-16])), positions(quarters(masks[:-16]))
keras.utils.set_random_seed(0)
unet = UNet(
    (64, 64, 1),
    num_classes=1,
    depth=3,
    width=8,
    normalization="batch",
    loss={"cross_entropy": 1, "dice": 1},
    averaging="flips",
    measure="average_precision",
)
steps = len(examples) // 32
unet.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(5e-3, steps)), steps_per_execution=8)
unet.fit(examples, targets, batch_size=32, epochs=1, verbose=0)
unet.calibrate(x[-16:], masks[-16:])
print(f"{len(examples)} examples; an object begins at {float(unet.marker):.2f} and ends at {float(unet.threshold):.2f}")

# %% [markdown]
# ## What it finds
#
# `segment` takes images of any size. `instances` makes objects of the probabilities, by a watershed: what is at least
# as probable as the marker is an object, and grows until it meets another one.

# %%
probabilities, found = unet.segment(x_test)
objects = np.asarray(unet.instances(probabilities))

figure, axes = plt.subplots(2, 4, figsize=(10, 5))
for column in range(4):
    image = np.repeat(x_test[column], 3, axis=-1)
    axes[0, column].imshow(np.asarray(probabilities)[column, ..., 1], cmap="magma", vmin=0, vmax=1)
    axes[1, column].imshow(mark_boundaries(image, objects[column], color=(1, 0.8, 0)))
    axes[1, column].set_title(f"{objects[column].max()} objects", fontsize=9)
for axis in axes.ravel():
    axis.axis("off")
plt.show()

# %% [markdown]
# ## In numbers
#
# On the 40 test drawings. `pixel_error` and `iou` ask for pixels; V_rand, V_info and the average precision ask for
# objects.

# %%
scores = segmentation_scores(np.asarray(found), np.squeeze(masks_test), num_classes=2, found=objects)
for name, value in scores.items():
    print(f"{name:20} {np.round(value, 3)}")

# %% [markdown]
# A drawing that is larger than those it has learned from is segmented in overlapping parts; the answer is the same as
# for the whole.

# %%
large = np.concatenate([np.concatenate(x_test[i : i + 3], axis=1) for i in (0, 3)], axis=0)[:250, :371]
probability, mask = unet.segment(large[None])
plt.figure(figsize=(8, 5))
plt.imshow(mark_boundaries(np.repeat(large, 3, axis=-1), unet.instances(probability)[0], color=(1, 0.8, 0)))
plt.axis("off")
plt.show()

# %% [markdown]
# `keraszoo train unet/cells` adds a weight map that presses on the pixels between cells, and random transforms in
# place of the eight positions: [U-Net](../unet.md), [objects](../instances.md).
