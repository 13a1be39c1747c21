"""The steps by which a recipe prepares its data, by name."""

from ..core.errors import InputError, closest
from .views.few_labels import few_labels
from .views.held_out import held_out
from .views.repeated import repeated
from .views.unpaired import unpaired
from .views.weighted import weighted

#: {name: function of (source, training split, seed, *arguments)}; what holds for all splits
OF_ALL = {
    "unpaired": lambda source, split, seed, *domains: unpaired(source, domains or None, seed),
    "weighted": lambda source, split, seed, options: weighted(source, **options),
}
#: and what only the training sees
OF_TRAINING = {
    "hold_out": lambda source, split, seed, count: held_out(source, split, count)[0],
    "few_labels": lambda source, split, seed, count: few_labels(source, split, count, seed),
    "repeat": lambda source, split, seed, times: repeated(source, split, times),
}


def prepared(source, steps, split, seed):
    """A source after the steps of a recipe.

    Args:
        source: a `Source`.
        steps: `((name, *arguments), ...)`: ("few_labels", 100) leaves so many training examples their label;
            ("hold_out", 4) keeps the last 4 training examples for what a model does not learn but chooses, and comes
            first; ("repeat", 2) shows each training example twice an epoch; ("unpaired", "3", "8") pairs two classes by
            chance; ("weighted", {"w0": 5.0}) weighs pixels, options as for `keraszoo.data.weighted`.
        split: name of the training split.
        seed: integer, of what is drawn.

    Returns:
        (source, the same as training sees it). Steps of the training alone come after the others.

    Raises:
        InputError: an unknown step, or one that these data do not allow.

    Example:
        >>> from keraszoo.data import load
        >>> whole, seen = prepared(load("digits"), (("repeat", 2),), "train", seed=0)
        >>> whole.sizes["train"], seen.sizes["train"]
        (1437, 2874)
    """
    known = {**OF_ALL, **OF_TRAINING}
    for name, *_ in steps:
        if name not in known:
            raise InputError(f"Data are prepared by known steps. Received: {name!r}. {closest(str(name), known)}")
    for table in (OF_ALL, OF_TRAINING):
        if table is OF_TRAINING:
            whole = source
        for name, *arguments in steps:
            if name in table:
                source = table[name](source, split, seed, *arguments)
    return whole, source
