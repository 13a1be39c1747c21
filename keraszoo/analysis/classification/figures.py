"""Figures of a classifier's answers: what it confuses, whether it knows, where it errs and what it looks at.

matplotlib is imported when a figure is drawn.
"""

import math

import numpy as np

from ...metrics.classification.calibration import BINS, expected_calibration_error, reliability
from ...metrics.classification.scores import class_confusion

WRITTEN = 20  # classes up to which a confusion matrix has numbers in its cells
LONGEST = 14  # letters of a class's name in a figure


def confusion_figure(probabilities, labels, names):
    """How often which class was answered of which, coloured by the share of each true class.

    Args:
        probabilities: [n, classes].
        labels: [n] integers.
        names: of the classes.

    Returns:
        `matplotlib.figure.Figure`.
    """
    counts = class_confusion(probabilities, labels)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    classes = len(counts)
    side = min(12.0, 2.2 + 0.42 * classes)
    figure = _figure(side, side)
    panel = figure.subplots()
    panel.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if classes <= WRITTEN:
        for row, column in zip(*np.nonzero(counts), strict=True):
            colour = "white" if shares[row, column] > 0.5 else "black"
            panel.text(column, row, counts[row, column], ha="center", va="center", color=colour, fontsize=8)
    step = -(-classes // WRITTEN)
    shown = [_short(name) for name in names[::step]]
    panel.set_xticks(range(0, classes, step), shown, rotation=90 if max(map(len, shown)) > 2 else 0, fontsize=8)
    panel.set_yticks(range(0, classes, step), shown, fontsize=8)
    panel.set_xlabel("answer", fontsize=9)
    panel.set_ylabel("class", fontsize=9)
    return figure


def reliability_figure(probabilities, labels, bins=BINS):
    """The accuracy of answers over their confidence, and how many there are of each confidence.

    Args:
        probabilities, labels: as for `confusion_figure`.
        bins: of equal width.

    Returns:
        `matplotlib.figure.Figure`.
    """
    found = reliability(probabilities, labels, bins)
    error = expected_calibration_error(probabilities, labels, bins)
    figure = _figure(4.2, 4.8)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    full = found.counts > 0
    middles, width = (found.edges[1:] + found.edges[:-1])[full] / 2, 1 / bins
    accuracy, confidence = found.accuracy[full], found.confidence[full]
    upper.bar(middles, accuracy, width, color="#9ecae1", edgecolor="#3182bd", linewidth=0.8, label="accuracy")
    upper.plot([0, 1], [0, 1], "--", color="black", linewidth=1.0, label="as often right as sure")
    upper.plot(confidence, accuracy, "o", color="#d9541a", markersize=4, label="mean confidence of the bin")
    upper.set_ylabel("accuracy", fontsize=9)
    upper.set_title(f"expected calibration error {error:.4f}", fontsize=10)
    figure.legend(fontsize=7, frameon=False, loc="outside lower center", ncols=2)
    lower.bar(middles, found.counts[full], width, color="#bdbdbd", edgecolor="#636363", linewidth=0.8)
    lower.set_yscale("log")
    lower.set_ylabel("examples", fontsize=9)
    lower.set_xlabel("confidence", fontsize=9)
    for panel in (upper, lower):
        panel.tick_params(labelsize=8)
        panel.set_xlim(0, 1)
    upper.set_ylim(0, 1.02)
    return figure


def most_certain_errors(probabilities, labels, count=16):
    """Rows of the examples that are classified wrongly, the most certain answer first: up to `count` of them."""
    probabilities, labels = np.asarray(probabilities), np.asarray(labels)
    rows = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return rows[np.argsort(-probabilities.max(axis=1)[rows], kind="stable")][:count]


def misclassified_figure(images, probabilities, labels, names):
    """Images, each with its class, and with the class that is answered and how sure that is.

    Args:
        images: [n, height, width, 1 or 3] in [0, 1], those of `most_certain_errors`; n may be 0.
        probabilities, labels: of these images.
        names: of the classes.

    Returns:
        `matplotlib.figure.Figure`.
    """
    answers = np.argmax(probabilities, axis=1)
    titles = [
        f"{_short(names[label])} as\n{_short(names[answer])} {row[answer]:.2f}"
        for label, answer, row in zip(labels, answers, probabilities, strict=True)
    ]
    columns = max(1, math.ceil(math.sqrt(len(images))))
    figure, panels = _grid(-(-len(images) // columns), columns)
    if not len(images):
        panels[0].text(0.5, 0.5, "none", ha="center", va="center", fontsize=9)
    for panel, image, title in zip(panels, images, titles, strict=False):
        _show(panel, image)
        panel.set_title(title, fontsize=7)
    return figure


def saliency_figure(images, maps, titles):
    """Images, beside each what its answer depends on, alone and over the image.

    Args:
        images: [n, height, width, 1 or 3] in [0, 1].
        maps: [n, height, width] >= 0, shown over the image too, or [n, height, width, 1 or 3] of either sign, as
            `deconvolution` gives them, shown about grey.
        titles: [n] strings.

    Returns:
        `matplotlib.figure.Figure`.
    """
    maps = np.asarray(maps)
    columns = 3 if maps.ndim == 3 else 2
    figure, panels = _grid(len(images), columns)
    for row, (image, found, title) in enumerate(zip(images, maps, titles, strict=True)):
        own = panels[columns * row : columns * (row + 1)]
        _show(own[0], image)
        own[0].set_title(title, fontsize=7)
        greatest = max(float(np.abs(found).max()), 1e-12)
        if maps.ndim == 4:
            _show(own[1], 0.5 + 0.5 * found / greatest)
            continue
        own[1].imshow(found, cmap="magma", vmin=0, vmax=greatest)
        _show(own[2], image.mean(axis=-1, keepdims=True))
        own[2].imshow(found, cmap="jet", vmin=0, vmax=greatest, alpha=0.45)
    return figure


def as_array(figure, dpi=90):
    """A figure as uint8 pixels [height, width, 3]."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _figure(width, height):
    """Without the state of pyplot; sizes in inches."""
    from matplotlib.figure import Figure

    return Figure((width, height), layout="constrained")


def _grid(rows, columns):
    from matplotlib.figure import Figure

    width, height = 1.25 * columns, 1.55 * max(rows, 1)
    figure = Figure((width, height))  # placed by hand: layouts of many panels take seconds
    figure.subplots_adjust(0.02, 0.05 / height, 0.98, 1 - 0.35 / height, wspace=0.08, hspace=0.3)
    panels = []
    for place in range(max(rows, 1) * columns):
        panels.append(figure.add_subplot(max(rows, 1), columns, place + 1, xticks=[], yticks=[], frame_on=False))
    return figure, panels


def _show(panel, image):
    image = np.clip(image, 0.0, 1.0)
    if image.shape[-1] == 1:
        panel.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1)
    else:
        panel.imshow(image)


def _short(name):
    return name if len(name) <= LONGEST else name[: LONGEST - 3] + "..."
