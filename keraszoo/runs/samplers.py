"""Samplers that are fitted to the codes of a finished run's training examples, and kept beside its model."""

import hashlib
import json
import zipfile

from ..system.failures import reason
from .run import archive_comment, load_model


def run_sampler(run, kind, components=None, *, data_dir=None, say=print):
    """The `keraszoo.analysis.CodeSampler` of a run's model: the one that was kept, or a new one, which is kept.

    It lies at `samplers/<kind>.keras` in the run's directory, the model and the density in one file. Another model in
    the run, or other components, make it anew.

    Args:
        run: a `Run`.
        kind: "gaussian", "mixture" or "flow".
        components: of a mixture; None: as many as the BIC says.
        data_dir: where tensorflow-datasets keeps its data.
        say: receives a line when one is fitted.

    Raises:
        InputError: an unknown kind, an unfinished run, a model without codes, missing data, a damaged file.
    """
    from ..analysis.sampler import check_codes, check_kind, fit_sampler

    check_kind(kind, components)
    model = run.model()
    check_codes(model)
    path = run.path / "samplers" / f"{kind}.keras"
    fitted_to = json.dumps({"run": run.identity, "model": _digest(run.model_path), "components": components})
    if path.exists():
        if archive_comment(path) == fitted_to:
            return load_model(path)
        say(f"{path} was fitted to another model, or with other components")
    recipe, prepared = run.recipe, run.data(data_dir)
    say(f"fitting the sampler {kind!r} to the codes of {prepared.size(recipe.data.train):,} training examples")
    sampler = fit_sampler(model, prepared.batches(recipe.data.train), kind, components=components, seed=recipe.seed)

    def save(path):
        sampler.save(path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.comment = fitted_to.encode()

    try:
        path.parent.mkdir(exist_ok=True)
        run.write(path.relative_to(run.path), save)
    except OSError as error:
        say(f"the sampler is not kept, as {path} cannot be written: {reason(error)}")
    return sampler


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
