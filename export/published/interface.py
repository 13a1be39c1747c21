"""The interface of a model's versions: a client of one must be able to call the next."""

from keraszoo.core.errors import InputError

from ..contents import manifest
from . import versions


def check_unchanged(home, signatures, source, *, named):
    """Raises InputError where clients of a model's newest version could not call the next one.

    New signatures and new outputs break nobody. What breaks somebody: a signature or an output that is gone, an input
    more or less, another dtype or shape, another default, values that are no longer taken.

    Args:
        home: the directory of the model, base/name, which may not exist yet.
        signatures: of the next version, as in its manifest.
        source: of the next version, see `manifest.write`.
        named: whether the name was chosen, not the family's.
    """
    known = versions.numbers(home) if home.is_dir() else []
    if not known:
        return
    newest = home / str(known[-1])
    try:
        before = manifest.read(newest)
    except InputError as error:
        raise InputError(
            f"{newest} cannot be compared with the next version. {error} Remove it, choose another --name, or publish "
            "all the same with --new-interface."
        ) from None
    if not named and before["source"] != source:
        raise InputError(
            f"{home} holds versions of {_words(before['source'])}, and this is {_words(source)}. Nearest: "
            f"--name {_nearest_name(home.name, source)}, or --name {home.name} for a version of the same model."
        )
    found = changes(before["signatures"], signatures)
    if found:
        raise InputError(
            f"Clients of {newest} could not call this version: {'; '.join(found)}. Choose another --name, or change it "
            "on purpose with --new-interface."
        )


def changes(before, after):
    """What of an interface is no longer as clients know it: a list of sentences.

    Example:
        >>> image = {"dtype": "float32", "shape": [None, 8, 8, 1], "least": 0.0, "most": 1.0}
        >>> encode = {"inputs": {"image": image}, "outputs": {"latent": {"dtype": "float32", "shape": [None, 2]}}}
        >>> changes({"encode": encode}, {"encode": encode, "decode": encode})
        []
        >>> larger = {**encode, "inputs": {"image": {**image, "shape": [None, 9, 9, 1]}}}
        >>> changes({"encode": encode}, {"encode": larger})
        ['image of encode was float32[N, 8, 8, 1] and is float32[N, 9, 9, 1]']
    """
    found = []
    if next(iter(before)) != next(iter(after)):
        found.append(f"the default was {next(iter(before))} and is {next(iter(after))}")
    for signature, sides in before.items():
        if signature not in after:
            found.append(f"there is no {signature} any more")
            continue
        for side, infos in sides.items():
            now = after[signature][side]
            found += [f"{signature} has no {side[:-1]} {name} any more" for name in infos if name not in now]
            found += [
                f"{name} of {signature} {what}"
                for name in infos
                if name in now
                for what in _info(infos[name], now[name])
            ]
            found += [f"{signature} takes {name}" for name in now if name not in infos and side == "inputs"]
    return found


def _info(before, after):
    """How a tensor has changed."""
    was, now = ({key: info[key] for key in ("dtype", "shape")} for info in (before, after))
    if was != now:
        yield f"was {_tensor(before)} and is {_tensor(after)}"
    for end, narrower in (("least", max), ("most", min)):
        ends = [info.get(end) for info in (before, after)]
        if ends[1] is not None and (ends[0] is None or narrower(ends) != ends[0]):
            yield f"was {'any' if ends[0] is None else f'{ends[0]:g}'} at {end} and is {ends[1]:g}"


def _tensor(info):
    shape = info["shape"]
    sizes = "..." if shape is None else ", ".join("any" if size is None else str(size) for size in shape[1:])
    return f"{info['dtype']}[{', '.join(part for part in ('N', sizes) if part)}]"


def _words(source):
    return f"the recipe {source['recipe']}" if source["recipe"] else f"a {source['model']} without a recipe"


def _nearest_name(family, source):
    """A name that an export of this recipe could have."""
    name = (source["recipe"] or source["model"]).replace("/", "_").lower()
    return name if versions.is_name(name) and name != family else f"{family}_2"
