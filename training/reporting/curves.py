"""The course of a training, drawn: each metric of its history against the epoch."""

import io
import math

COLUMNS, WIDTH, HEIGHT = 3, 3.4, 2.3  # panels beside each other, and the size of each in inches


def curves(histories):
    """One figure with a panel for each metric, training and validation of all runs together.

    Args:
        histories: `{run: [{metric: value} of each epoch]}`; "val_" begins the names of those of validation.

    Returns:
        SVG, text; "" where there is nothing to draw.
    """
    names = _metrics(histories)
    if not names:
        return ""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    rows = math.ceil(len(names) / COLUMNS)
    figure = Figure((COLUMNS * WIDTH, rows * HEIGHT), layout="constrained")
    panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for panel in panels[len(names) :]:
        panel.remove()
    for panel, name in zip(panels, names, strict=False):
        for number, (run, history) in enumerate(histories.items()):
            for prefix, style in (("", "--"), ("val_", "-")):
                points = [
                    (epoch, each[prefix + name]) for epoch, each in enumerate(history, 1) if prefix + name in each
                ]
                if points:
                    label = f"{run}, {'validation' if prefix else 'training'}"
                    marker = "." if len(points) < 3 else None
                    panel.plot(*zip(*points, strict=True), style, color=f"C{number % 10}", label=label, marker=marker)
        panel.set_title(name.replace("_", " "), fontsize=10)
        panel.set_xlabel("epoch", fontsize=8)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.tick_params(labelsize=8)
        panel.grid(alpha=0.3)
    lines = dict(
        pair for panel in panels[: len(names)] for pair in zip(*panel.get_legend_handles_labels()[::-1], strict=True)
    )
    figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=3, fontsize=8)
    text = io.StringIO()
    figure.savefig(text, format="svg")
    return text.getvalue()[text.getvalue().index("<svg") :]


def _metrics(histories):
    """The names of what was measured, the loss first."""
    names = [name.removeprefix("val_") for history in histories.values() for each in history for name in each]
    return sorted(dict.fromkeys(names), key=lambda name: (name != "loss", names.index(name)))
