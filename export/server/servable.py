"""One version of a model, verified, loaded and warmed up."""

import contextlib
from pathlib import Path

from tensorflow.core.protobuf import meta_graph_pb2

from keraszoo.core.errors import InputError

from .. import graph
from ..contents import batching, manifest, warmup
from ..outside.session import ServerError, Session
from ..wire.status import Code, Refused
from .merging import Merger

_WARM_UPS = 1000  # TensorFlow Serving replays no more


class Servable:
    """A loaded version.

    Args:
        name: of the model.
        number: of the version.
        directory: where it lies.
        allow_unverified: whether a SavedModel without a manifest is taken too.
        places: a semaphore, of how many runs of all versions there may be at once, when requests are to be merged.

    Attributes:
        signatures: as `graph.signatures` describes them.
        definitions: `{signature: SignatureDef}`, as the SavedModel has them.
        warm_ups: how many requests were replayed.

    Raises:
        Refused: when it is damaged or cannot be loaded; no path of this machine is in the message.
    """

    def __init__(self, name, number, directory, allow_unverified=False, places=None):
        self.name, self.number, self._directory = name, number, str(directory)
        try:
            self._verify(allow_unverified)
            meta_graph = graph.read(directory)
            self.signatures = graph.signatures(meta_graph)
            self.definitions = {key: meta_graph_pb2.SignatureDef() for key in meta_graph.signature_def}
            for key, definition in self.definitions.items():
                definition.CopyFrom(meta_graph.signature_def[key])
            merged = None if places is None else batching.read(directory)
        except (InputError, OSError, TypeError) as error:
            raise Refused(Code.DATA_LOSS, self._without_paths(str(error))) from error
        self._session = Session(self.signatures, one_after_another=True)
        self._runner = self._alone if places is None else Merger(self._alone, places, merged).run
        with contextlib.ExitStack() as undo:
            undo.callback(self._session.close)
            self._load()
            undo.pop_all()

    def _verify(self, allow_unverified):
        if allow_unverified and not (Path(self._directory) / manifest.FILE).exists():
            return
        damage = manifest.damage(self._directory, manifest.read(self._directory)["files"])
        if damage:
            raise InputError(f"the version is damaged: {'; '.join(damage[:5])}")

    def _load(self):
        try:
            self._session.load(self._directory)
        except ServerError as error:
            raise self._refusal(error) from None
        records = warmup.read(self._directory) if (Path(self._directory) / warmup.FILE).exists() else None
        self.warm_ups = 0
        for signature, inputs in (records or [])[:_WARM_UPS]:
            self._alone(signature or "serving_default", inputs)
            self.warm_ups += 1

    def run(self, signature, inputs, outputs=None):
        """The outputs, `{name: array}`, for the inputs, `{name: array}`, of a signature.

        Args:
            outputs: names of those that are wanted; all by default.

        Raises:
            Refused: with TensorFlow's status, or when too many wait to be merged.
        """
        return self._runner(signature, inputs, outputs)

    def _alone(self, signature, inputs, outputs=None):
        try:
            return self._session.run(signature, inputs, outputs)
        except ServerError as error:
            raise self._refusal(error) from None

    def close(self):
        self._session.close()

    def _refusal(self, error):
        code = Code(error.code) if error.code in set(Code) else Code.UNKNOWN
        return Refused(code, self._without_paths(str(error)))

    def _without_paths(self, message):
        """`message` with the version's name in place of where it lies on this machine."""
        return message.replace(self._directory, f"{self.name}/{self.number}")
