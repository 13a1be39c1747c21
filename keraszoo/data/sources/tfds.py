"""Datasets of tensorflow-datasets, by name: from its registry, or from the zoo's own offline builders."""

import difflib
import os
import re
import zlib
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from ...core.errors import InputError, closest
from ..datasets import offline
from ..pipeline.transforms import fit
from .mask_values import mask_dtype
from .masks import Classes, MaskOptions
from .source import Source, byte_size, check_test_last, divide, from_arrays, scale_of

_NAME = re.compile(r"(?P<name>\w+)(/(?P<config>[\w\-.+]+))?(:(?P<version>(\d+|\*)(\.(\d+|\*)){2}))?")
_READ_TOGETHER = 256
#: masks whose classes are numbered from 1: {(dataset, feature): number of classes}
_COUNTED_FROM_ONE = {("oxford_iiit_pet", "segmentation_mask"): 3}
_SHUFFLE_BUFFER = 10_000


def known_names():
    """Names of all datasets that tfds and the zoo know."""
    return set(tfds.list_builders(with_community_datasets=False))  # the community's list is on the network


def load_records(name, data_dir, image_size, supervised_keys, memory_limit, test_last=None, options=None):
    """The Source of a tfds dataset, prepared or one of `offline.BUILDERS`; see `keraszoo.data.load`.

    `options` are `MaskOptions`.
    """
    options = options or MaskOptions()
    builder = _builder(name, data_dir)
    leaves = dict(_leaves(builder.info.features))
    input, target = _keys(name, builder.info, leaves, supervised_keys)
    kept, shapes, sizes = {}, {}, {}
    for feature, connector in leaves.items():
        info = connector.get_tensor_info()
        shape, size = info.shape, None
        image = isinstance(connector, tfds.features.Image)
        if feature in (input, target) and image_size and image:
            shape, size = (*image_size, shape[-1]), image_size
        if None not in shape:
            kept[feature], shapes[feature], sizes[feature] = connector, tuple(shape), size
        elif feature in (input, target):
            hint = " Pass image_size to bring the images to one size." if image and shape[-1] else ""
            raise InputError(f"{name}: examples must have one shape. Received: {feature!r} of shape {shape}.{hint}")
    if image_size and not sizes[input]:
        raise InputError(f"image_size is for images. Received: {name} with {input!r} of shape {list(shapes[input])}.")
    splits = {}
    from_one = {feature for feature in kept if (builder.name, feature) in _COUNTED_FROM_ONE}
    for split, part in _split_names(name, builder.info.splits, test_last).items():
        splits[split] = RecordSplit(builder, part, kept, shapes, sizes, {target} - {input}, from_one)
    connector = kept.get(target)
    classes = connector if isinstance(connector, (tfds.features.ClassLabel, tfds.features.LabeledImage)) else None
    names = tuple(classes.names) if classes and classes.num_classes else None
    num_classes = (classes and classes.num_classes) or _COUNTED_FROM_ONE.get((builder.name, target))
    about = {"input": input, "target": target, "num_classes": num_classes, "class_names": options.class_names or names}
    dtype = kept[input].get_tensor_info().tf_dtype
    range_ = (0.0, 1.0) if scale_of(dtype) > 1 or dtype == tf.bool else None
    streamed = Source(name, splits, input_range=range_, **about)
    if sum(byte_size(part.shapes, part.dtypes, part.size) for part in splits.values()) <= memory_limit:
        arrays = {split: part.arrays() for split, part in splits.items()}
        for features in arrays.values():
            if isinstance(classes, tfds.features.ClassLabel) and (features[target] == -1).all():  # kept secret
                del features[target]
        if streamed.has_masks:
            about |= _mask_arrays(name, arrays, target, about["class_names"], options.rule)
        return from_arrays(name, arrays, **about)
    if not streamed.has_masks or not options.given:
        return streamed
    num_classes = options.rule.num_classes or num_classes
    if num_classes is None and options.class_names:
        num_classes = len(options.class_names)
    if num_classes is None:
        raise InputError(f"{name} is read in every epoch and does not say how many classes it has: pass class_names.")
    for part in splits.values():
        part.rules = {target: options.rule}
        part.dtypes[target] = tf.as_dtype(mask_dtype(num_classes, options.rule.has_void))
    return Source(
        name, splits, input_range=range_, has_void=options.rule.has_void, **{**about, "num_classes": num_classes}
    )


def _mask_arrays(name, arrays, target, class_names, rule):
    """What the masks in memory say of themselves; in `arrays` they become classes."""
    classes = Classes(name, rule, class_names)
    parts = [features for features in arrays.values() if target in features]
    for features in parts:
        classes.look(features[target], name)
    classes.choose()
    for features in parts:
        features[target] = classes.of(features[target], name)
    return {
        "num_classes": classes.num_classes,
        "has_void": classes.rule.has_void,
        "account": f"{name}: {classes.words}; {classes.told()}",
        "warnings": tuple(classes.warnings()),
    }


class RecordSplit:
    """Examples that stay in the record files of tfds.

    Args:
        builder: a prepared tfds builder.
        part: a split of it, such as "train" or "train[:90%]".
        connectors: `{feature: tfds feature}` to read; `a/b` is feature b of the nested features a.
        shapes: `{feature: shape of one example}`.
        sizes: `{feature: (height, width) to bring images to, or None}`.
        masks: features whose values must not be mixed when they are brought to a size.
        from_one: features whose classes are stored as 1, 2, ... and are given as 0, 1, ...

    Attributes:
        rules: `{feature: MaskRule}` of masks whose values are not their classes.
    """

    def __init__(self, builder, part, connectors, shapes, sizes, masks, from_one=()):
        self.builder, self.part = builder, part
        self.connectors, self.sizes, self.masks, self.from_one = connectors, sizes, masks, from_one
        self.size = builder.info.splits[part].num_examples
        self.shapes = shapes
        self.dtypes = {feature: c.get_tensor_info().tf_dtype for feature, c in connectors.items()}
        self.rules = {}

    def share(self, share):
        """The split of share (index, count): consecutive examples, equally many or one more than in others."""
        index, count = share
        if count == 1:
            return self
        part = tfds.even_splits(self.part, count)[index]
        split = RecordSplit(self.builder, part, self.connectors, self.shapes, self.sizes, self.masks, self.from_one)
        split.rules, split.dtypes = self.rules, self.dtypes
        return split

    def only(self, features):
        """The same examples with some of their features."""
        connectors = {feature: self.connectors[feature] for feature in features}
        shapes = {feature: self.shapes[feature] for feature in features}
        return RecordSplit(self.builder, self.part, connectors, shapes, self.sizes, self.masks)

    def bounds(self, share):
        """(first, size): the examples of share (index, count) are those from `first` on."""
        index, count = share
        sizes = [self.size // count + (i < self.size % count) for i in range(count)]
        return sum(sizes[:index]), sizes[index]

    def arrays(self):
        """`{feature: array [size, ...]}` of the whole split."""
        arrays = {
            feature: np.empty((self.size, *shape), self.dtypes[feature].as_numpy_dtype)
            for feature, shape in self.shapes.items()
        }
        examples = self._encoded(None).map(self._decode, num_parallel_calls=tf.data.AUTOTUNE)
        row = 0
        for batch in examples.batch(_READ_TOGETHER).as_numpy_iterator():
            for feature, values in batch.items():
                arrays[feature][row : row + len(values)] = values
            row += len(values)
        return arrays

    def checksum(self):
        """A CRC-32 of what tfds notes about the files: version, number of examples and of bytes."""
        splits = self.builder.info.splits
        noted = {name: (split.shard_lengths, split.num_bytes) for name, split in sorted(splits.items())}
        return zlib.crc32(repr((self.builder.info.full_name, self.part, noted)).encode())

    def in_order(self):
        """A dataset of the examples, in the order of the files."""
        return self._checked(self._encoded(None))

    def shuffled(self, epoch_size, seed, first):
        """An endless dataset of examples, `epoch_size` of them an epoch, from the `first` on.

        The order of the files and a buffer of 10,000 examples are shuffled, as a function of (seed, epoch).
        Examples before `first` in its epoch are read and left out before they are decoded.
        """

        def epoch_examples(epoch):
            # The seed of this function's graph: shuffle mixes it in, and fails when the global seed is 0.
            tf.random.set_seed(1)
            key = tf.stack([tf.constant(seed, tf.int64), epoch])
            epoch_seed = tf.random.stateless_uniform([], key, minval=None, maxval=None, dtype=tf.int64)
            examples = self._encoded(epoch_seed)
            examples = examples.shuffle(_SHUFFLE_BUFFER, epoch_seed, reshuffle_each_iteration=False)
            return examples.take(epoch_size)

        epochs = tf.data.Dataset.counter(first // epoch_size)
        examples = epochs.flat_map(tf.autograph.experimental.do_not_convert(epoch_examples))
        examples = examples.apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY))
        return self._checked(examples.skip(first % epoch_size))

    def repeated(self, seed):
        """An endless dataset of examples for a service, which deals out the files anew in every pass."""
        if self.rules:
            raise InputError(
                "mask_values and ignore act on the machine that trains; a tf.data service has no part in it."
            )
        examples = self._encoded(seed, dealt_out=True).shuffle(_SHUFFLE_BUFFER, seed, reshuffle_each_iteration=True)
        return self._checked(examples.repeat())

    def _encoded(self, shuffle_seed, dealt_out=False):
        """The examples, their images still compressed; files shuffled unless `shuffle_seed` is None."""
        options = tf.data.Options()
        options.deterministic = True
        decoders = {}
        for feature, connector in self.connectors.items():
            if isinstance(connector, tfds.features.Image):
                *parents, leaf = feature.split("/")
                inner = decoders
                for parent in parents:
                    inner = inner.setdefault(parent, {})
                inner[leaf] = tfds.decode.SkipDecoding()
        return self.builder.as_dataset(
            split=self.part,
            shuffle_files=shuffle_seed is not None,
            decoders=decoders,
            read_config=tfds.ReadConfig(
                options=options,
                try_autocache=False,
                skip_prefetch=True,
                shuffle_seed=shuffle_seed,
                shuffle_reshuffle_each_iteration=dealt_out,
                assert_cardinality=not dealt_out,
                **({"interleave_cycle_length": 1} if shuffle_seed is None else {}),  # one file after the other
            ),
        )

    def _decode(self, example):
        features = {}
        for feature, connector in self.connectors.items():
            value = example
            for key in feature.split("/"):
                value = value[key]
            if isinstance(connector, tfds.features.Image):
                value = connector.decode_example(value)
            if self.sizes[feature]:
                value = fit(value, self.sizes[feature], nearest=feature in self.masks)
            if feature in self.from_one:
                value -= tf.constant(1, value.dtype)
            if feature in self.rules:
                value = self._classes(feature, value)
            features[feature] = tf.ensure_shape(value, self.shapes[feature])
        return features

    def _classes(self, feature, values):
        rule, dtype, where = self.rules[feature], self.dtypes[feature], self.builder.info.full_name

        def classes(values):
            return rule.classes(values, where).astype(dtype.as_numpy_dtype)

        return tf.numpy_function(classes, [values], dtype, stateful=False)

    def _checked(self, examples):
        def decode(example):
            features = self._decode(example)
            name = self.builder.info.full_name
            return {
                feature: tf.debugging.check_numerics(value, f"{name}, feature {feature!r}: NaN or infinite values")
                if value.dtype.is_floating
                else value
                for feature, value in features.items()
            }

        decode = tf.autograph.experimental.do_not_convert(decode)
        return examples.map(decode, num_parallel_calls=tf.data.AUTOTUNE)


def _builder(name, data_dir):
    """The builder of a dataset that is prepared."""
    match = _NAME.fullmatch(name)
    if not match:
        raise InputError(f"A dataset's name is written name/config:version, the last two optional. Received: {name!r}.")
    base, config, version = match["name"], match["config"], match["version"]
    data_dir = Path(data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()
    known = known_names()
    if base not in known and not (data_dir / base).is_dir():
        near = difflib.get_close_matches(base, known, n=3, cutoff=0.5)
        hint = closest(base, near) if near else f"Offline there is {', '.join(offline.BUILDERS)}."
        raise InputError(f"Unknown dataset {name!r}: neither a dataset nor a file nor a folder. {hint}")
    arguments = {key: value for key, value in (("config", config), ("version", version)) if value}
    try:
        if base in offline.BUILDERS:
            return offline.prepared(base, data_dir, **arguments)
        # A version, even "any", makes tfds look at the files: it finds older versions and needs no code.
        builder = tfds.builder(base, data_dir=data_dir, **{"version": "*.*.*", **arguments})
    except InputError:
        raise
    except Exception as error:  # tfds raises many kinds for a configuration or version that does not exist
        configs = tfds.builder_cls(base).builder_configs if config and base in known else {}
        if config and config not in configs:
            hint = closest(config, configs) if configs else "It has no configurations."
            raise InputError(f"{base} has no configuration {config!r}. {hint}") from error
        *_, reason = str(error).splitlines() or [type(error).__name__]
        reason = reason.rpartition('}": ')[2]  # without the arguments that tfds repeats
        raise InputError(f"tensorflow-datasets cannot open {name}: {reason}") from error
    if builder.data_path.exists():
        return builder
    call = f"import tensorflow_datasets as tfds; tfds.load({name!r}, data_dir={str(data_dir)!r})"
    raise InputError(
        f"The dataset {name} is not prepared in {data_dir}, and nothing is downloaded unasked. "
        f'Prepare it with: python -c "{call}"'
    )


def _leaves(features, prefix=""):
    """(name, tfds feature) of every feature that is an array; nested ones are called parent/child."""
    for name, connector in features.items():
        if isinstance(connector, tfds.features.FeaturesDict):
            yield from _leaves(connector, f"{prefix}{name}/")
        else:
            info = connector.get_tensor_info()
            is_number = isinstance(info, tfds.features.TensorInfo) and (
                info.tf_dtype.is_floating or info.tf_dtype.is_integer or info.tf_dtype == tf.bool
            )
            if is_number and info.shape is not None:
                yield prefix + name, connector


def _keys(name, info, leaves, supervised_keys):
    """(input, target) of a dataset: as asked, as the dataset says, or the first image or array and None."""
    if supervised_keys is not None:
        for key in supervised_keys:
            if key is not None and key not in leaves:
                raise InputError(f"{name} has no numeric feature {key!r}. {closest(str(key), leaves)}")
        if not leaves[supervised_keys[0]].get_tensor_info().shape:
            raise InputError(f"The input must be an array. Received: {name} with {supervised_keys[0]!r}, a number.")
        return supervised_keys
    keys = info.supervised_keys or ()
    input, target = (key if isinstance(key, str) and key in leaves else None for key in (*keys, None, None)[:2])
    if input is None:
        images = [f for f, connector in leaves.items() if isinstance(connector, tfds.features.Image)]
        arrays = [f for f, connector in leaves.items() if connector.get_tensor_info().shape]
        input = next(iter([*images, *arrays]), None)
        target = target if target != input else None
    if input is None or not leaves[input].get_tensor_info().shape:
        raise InputError(f"{name} has no image and no array to learn from. Its features: {', '.join(info.features)}.")
    return input, target


def _split_names(name, splits, test_last):
    """`{our split: split of tfds}`; a dataset that is one split is divided 90 : 10, or as `test_last` says."""
    check_test_last(name, splits, test_last)
    if len(splits) > 1:
        return {split: split for split in splits}
    only = next(iter(splits))
    if test_last is not None:
        first = len(divide(name, splits[only].num_examples, test_last)["train"])
        return {"train": f"{only}[:{first}]", "test": f"{only}[{first}:]"}
    return {"train": f"{only}[:90%]", "test": f"{only}[90%:]"}
