"""Disentanglement by objective at one fixed budget: MIG and DCI on the drawn shapes, over seeds.

    python benchmarks/disentanglement.py [--epochs 5] [--seeds 3] [--out table.md]

Every objective trains the same networks for as many steps on as many images. See benchmarks/README.md.
"""

import argparse
import os
import pathlib
import statistics
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from keraszoo.recipes import Data, Optimizer, Recipe
from keraszoo.training.evaluators.known_factors import disentanglement
from keraszoo.training.session import train

TRAINING_IMAGES = 82_944
NETWORKS = {"latent_dim": 10, "hidden": (512, 512)}
ADAM = Optimizer("adam", 1e-3)
FACTOR_VAE = {"optimizer": ADAM, "discriminator_optimizer": Optimizer("adam", 1e-4, arguments={"beta_1": 0.5})}
OBJECTIVES = {
    "VAE": ("VAE", {}, {"optimizer": ADAM}),
    **{f"beta-VAE, beta {beta}": ("BetaVAE", {"beta": float(beta)}, {"optimizer": ADAM}) for beta in (2, 4, 8, 16)},
    "beta-TC-VAE, beta 6": ("BetaTCVAE", {"beta": 6.0, "size": TRAINING_IMAGES}, {"optimizer": ADAM}),
    "FactorVAE, gamma 10": ("FactorVAE", {"gamma": 10.0}, FACTOR_VAE),
}
SCORES = ("mig", "dci_disentanglement", "dci_completeness", "dci_informativeness")


def recipe(model, arguments, optimizers, epochs):
    return Recipe(
        name="shapes/table",
        title="Shapes",
        model=model,
        input_shape=(32, 32, 1),
        arguments={**NETWORKS, **arguments},
        data=Data("shapes/32"),
        optimizers=optimizers,
        batch_size=128,
        epochs=epochs,
    )


def scores(objective, seed, epochs, directory):
    run = train(recipe(*objective, epochs), directory, seed=seed, say=lambda _: None)
    found = disentanglement(run)
    reconstruction = run.metrics()["test"]["reconstruction"]
    return {"reconstruction": reconstruction, **{name: found[name] for name in SCORES}}


def cell(values):
    return f"{statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}" if len(values) > 1 else f"{values[0]:.3f}"


def main():
    parser = argparse.ArgumentParser(description="MIG and DCI of VAE objectives on shapes/32 at one fixed budget.")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", help="file for the table, as Markdown")
    options = parser.parse_args()
    columns = ("reconstruction", *SCORES)
    lines = ["| objective | " + " | ".join(columns) + " |", "|---" * (1 + len(columns)) + "|"]
    for name, objective in OBJECTIVES.items():
        found = []
        for seed in range(options.seeds):
            with tempfile.TemporaryDirectory() as directory:
                found.append(scores(objective, seed, options.epochs, pathlib.Path(directory) / "run"))
            print(name, f"seed {seed}", {key: round(value, 3) for key, value in found[-1].items()}, flush=True)
        lines.append(f"| {name} | " + " | ".join(cell([row[key] for row in found]) for key in columns) + " |")
        if options.out:
            pathlib.Path(options.out).write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
