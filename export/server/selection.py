"""Which versions of a model are served, and what they are called: `--versions` and `--label`."""

import dataclasses
import re

from keraszoo.core.errors import InputError


@dataclasses.dataclass(frozen=True)
class Policy:
    """Which of a model's versions are wanted.

    Args:
        latest: the newest so many; None for no such limit.
        numbers: only these; None for all.
    """

    latest: int | None = None
    numbers: tuple[int, ...] | None = None

    @classmethod
    def parse(cls, text):
        """From `latest:N`, `all` or `N,M,...`."""
        if text == "all":
            return cls()
        if match := re.fullmatch(r"latest(?::([1-9]\d{0,8}))?", text, re.ASCII):
            return cls(latest=int(match[1] or 1))
        if re.fullmatch(r"[1-9]\d{0,17}(,[1-9]\d{0,17})*", text, re.ASCII):
            return cls(numbers=tuple(map(int, text.split(","))))
        raise InputError(f"Versions are latest:N, all, or numbers such as 3 or 3,5. Received: {text!r}.")

    def wanted(self, present):
        """Those of the version numbers `present` that are to be served, rising."""
        chosen = sorted(number for number in present if self.numbers is None or number in self.numbers)
        return chosen if self.latest is None else chosen[-self.latest :]

    def __str__(self):
        if self.numbers is not None:
            return ",".join(map(str, self.numbers))
        return "all" if self.latest is None else f"latest:{self.latest}"


def parse_labels(texts):
    """`{model: {label: version}}` from texts such as `vae:stable=3`."""
    labels = {}
    for text in texts:
        match = re.fullmatch(r"([^:/=]+):([^:/=]+)=([1-9]\d{0,17})", text, re.ASCII)
        if not match:
            raise InputError(f"A label is written MODEL:LABEL=VERSION, such as vae:stable=3. Received: {text!r}.")
        model, label, version = match.groups()
        labels.setdefault(model, {})[label] = int(version)
    return labels
