"""A picture of what a probe found: accuracy against the number of labels."""

from ..image_files import write

DPI = 110
#: (representation, learner): name, colour and style of its line
LINES = {
    ("features", "linear"): ("linear probe of the features", "#0b6fb8", "-"),
    ("features", "k-NN"): ("nearest neighbours of the features", "#0b6fb8", ":"),
    ("untrained", "linear"): ("linear probe, untrained encoder", "#8c8c8c", "-"),
    ("PCA", "linear"): ("linear probe, PCA of the same size", "#c8a200", "-"),
    ("pixels", "linear"): ("linear probe, pixels", "#4d4d4d", "--"),
    ("encoder", "scratch"): ("supervised from scratch", "#d1495b", "-"),
    ("encoder", "frozen"): ("encoder frozen", "#4a9c59", "--"),
    ("encoder", "fine-tuned"): ("encoder fine-tuned", "#4a9c59", "-"),
}


def draw(out, scores):
    """Writes a PNG with a panel for each run; bars are a standard deviation over the draws of labels to each side.

    Args:
        out: path; a file that is there is replaced.
        scores: a list of `Score`.
    """
    from matplotlib.figure import Figure

    runs = list(dict.fromkeys(score.run for score in scores))
    columns = min(3, len(runs))
    lines = -(-len(runs) // columns)
    figure = Figure((4.4 * columns, 3.6 * lines + 1.0), layout="constrained")
    panels = list(figure.subplots(lines, columns, sharey=True, squeeze=False).flat)
    for panel, run in zip(panels, runs, strict=False):
        own = [score for score in scores if score.run == run]
        for (representation, learner), (name, colour, style) in LINES.items():
            points = [each for each in own if (each.representation, each.learner) == (representation, learner)]
            if not points:
                continue
            points.sort(key=lambda each: each.labels)
            panel.errorbar(
                [each.labels for each in points], [each.accuracy for each in points],
                yerr=[each.sd or 0.0 for each in points],
                label=name, color=colour, linestyle=style, marker="o", markersize=3, linewidth=1.3, capsize=2,
            )  # fmt: skip
        panel.set_xscale("log")
        panel.set_title(run.rstrip("/").split("/")[-1], fontsize=10)
        panel.set_xlabel("labels", fontsize=9)
        panel.tick_params(labelsize=8)
        panel.grid(alpha=0.25)
    for panel in panels[len(runs) :]:
        panel.remove()
    panels[0].set_ylabel("test accuracy", fontsize=9)
    found = {}
    for panel in panels[: len(runs)]:
        found |= dict(zip(*panel.get_legend_handles_labels()[::-1], strict=True))
    figure.legend(found.values(), found.keys(), loc="outside lower center", ncols=min(3, 2 * columns), fontsize=8)
    write(out, lambda temporary: figure.savefig(temporary, format="png", dpi=DPI))
