"""A table with named columns as a Source: .csv, .tsv and .parquet."""

import re
import shlex
from pathlib import Path

import numpy as np

from ...core.errors import InputError, closest
from .account import counted, how_divided, named, some, splits_told
from .npy import SPLITS
from .source import from_arrays

SUFFIXES = (".csv", ".tsv", ".parquet")
MOST_CLASSES = 1000


def is_table(path):
    """Whether a path is a table by its name."""
    return path.suffix.lower() in SUFFIXES


def holds_tables(folder):
    """Whether a folder has a split as a table: `train.csv`, `test.parquet`, ..."""
    return bool(_files(folder))


def load_table(path, image_size=None, test_last=None, label=None, context=None):
    """The Source of a table, or of a folder with a table for each split.

    Every column but those of the target becomes a feature, float32, in the order of the file; their names are
    `Source.columns`. Numbers and booleans are read as they are, not scaled; text and gaps are refused.

    Args:
        path: a `pathlib.Path` of a file, or of a folder with `train.csv`, `test.csv` and perhaps `validation.csv`.
        image_size: must be None.
        test_last: how a single file is divided, see `keraszoo.data.load`.
        label: name of the column of the classes: text, integers or booleans, which are numbered in sorted order.
        context: names of columns of numbers on which a density depends: the target is [rows, len(context)].

    Raises:
        InputError: a file that is no table, one without rows, columns that are missing, of text, with gaps, or that
            differ between the splits.
    """
    if image_size:
        raise InputError(f"image_size is for images. Received: {path}, a table.")
    context = (context,) if isinstance(context, str) else tuple(context or ())
    if label is not None and context:
        raise InputError(f"A table has a label or a context as its target. Received: {label!r} and {context!r}.")
    files = _files(path) if path.is_dir() else {"train": path}
    if path.is_dir():
        _check_splits(path, files)
    tables, passed_over = {}, {}
    for split, file in files.items():
        tables[split], passed_over[file.name] = _read(file)
    first = tables["train"]
    for name in (*((label,) if label is not None else ()), *context):
        if name not in first.columns:
            raise InputError(f"{files['train']} has no column {name!r}. {closest(str(name), map(str, first.columns))}")
    columns = [name for name in first.columns if name != label and name not in context]
    if not columns:
        raise InputError(f"{files['train']} has no column to learn from. Received: {', '.join(first.columns)}.")
    for split, table in tables.items():
        _check_same(files["train"], first, files[split], table)
    splits = {split: {"x": _numbers(files[split], table, columns)} for split, table in tables.items()}
    names, warnings = None, ()
    if label is not None:
        names, codes = _classes(files, {split: table[label] for split, table in tables.items()})
        splits = {split: {**part, "label": codes[split]} for split, part in splits.items()}
        unseen = [name for code, name in enumerate(names) if code not in codes["train"]]
        if unseen:
            warnings = (f"{path}: warning: no row of train is of class {some(unseen)}",)
    elif context:
        splits = {
            split: {**part, "context": _numbers(files[split], tables[split], list(context))}
            for split, part in splits.items()
        }
    source = from_arrays(
        str(path),
        splits,
        input="x",
        target="label" if label is not None else "context" if context else None,
        class_names=names,
        num_classes=None if names is None else len(names),
        test_last=test_last,
        columns=tuple(columns),
        warnings=warnings,
    )
    remarks = [remark for each in passed_over.values() for remark in each]
    source.account = _account(path, files, source, label, context, test_last, remarks)
    return source


def _files(folder):
    """`{split: file}` of the tables in a folder that are named as splits."""
    found = [path for path in folder.iterdir() if is_table(path) and path.stem in SPLITS and path.is_file()]
    return {path.stem: path for path in sorted(found, key=lambda path: (SPLITS.index(path.stem), path.name))}


def _check_splits(folder, files):
    tables = sorted(path.name for path in folder.iterdir() if is_table(path))
    named = sorted(name for name in tables if Path(name).stem in SPLITS)
    if len(named) > len(files):
        raise InputError(f"{folder}: a split is one table. Received: {', '.join(named)}.")
    missing = [split for split in ("train", "test") if split not in files]
    if missing:
        raise InputError(
            f"{folder}: a folder of tables needs one for train and one for test. Missing: {missing[0]}. "
            f"Found: {', '.join(tables)}. Nearest: a single table, {folder}/{tables[0]}, which is divided."
        )


def _read(path):
    """The table of a file as a DataFrame with text for column names, and what was passed over or assumed."""
    import pandas as pd

    try:
        if path.suffix.lower() == ".parquet":
            table, remarks = pd.read_parquet(path), []
        else:
            table, remarks = _read_text(path)
    except UnicodeDecodeError as error:
        command = f"iconv -f latin1 -t utf-8 {shlex.quote(str(path))} > new.csv"
        raise InputError(
            f"{path}: the text of a table is UTF-8. Received: byte 0x{error.object[error.start]:02x} at {error.start}, "
            f"which is none. Save it as UTF-8: {command}, if it is in latin-1."
        ) from error
    except (OSError, ValueError, ImportError, pd.errors.ParserError) as error:
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise InputError(f"{path} is not a readable table: {reason}.") from error
    table.columns = [str(name) for name in table.columns]
    twice = sorted({name for name in table.columns if list(table.columns).count(name) > 1})
    if twice:
        raise InputError(f"{path}: each column has a name of its own. Received twice: {', '.join(twice)}.")
    if not len(table):
        raise InputError(f"{path}: a table needs rows. Received: none.")
    counting = [name for name in table.columns if name.startswith("Unnamed:") or not name]
    counting = [name for name in counting if _is_index(table, name)]
    if counting:
        table = table.drop(columns=counting)
        remarks.append("a column without a name, which numbers the rows, was passed over")
    return table, remarks


def _is_index(table, name):
    """Whether a column without a name numbers the rows: the first one of whole numbers that differ, or 0, 1, 2, ..."""
    import pandas as pd

    column = table[name]
    if np.array_equal(column, np.arange(len(table))):
        return True
    return name == table.columns[0] and pd.api.types.is_integer_dtype(column) and column.is_unique


def _read_text(path):
    """The table of a text file; commas, semicolons or tabs separate, whichever the first line has most of."""
    import pandas as pd

    comments, first = [], ""
    with open(path, encoding="utf-8-sig") as file:
        for first in file:
            if not first.startswith("#"):
                break
            comments.append(first)
    separator = max(",;\t", key=first.count)
    if (
        comments
        and comments[-1].count(separator) == first.count(separator)
        and any(map(_is_number, _cells(first, separator)))
    ):
        first = comments.pop()  # a header that begins with #, as data follow it
    cells = _cells(first, separator)
    headless = bool(first.strip()) and all(_is_number(cell) for cell in cells)
    table = pd.read_csv(
        path,
        sep=separator,
        header=None if headless else 0,
        skiprows=len(comments),
        index_col=False,
        skipinitialspace=True,
        encoding="utf-8-sig",
        low_memory=False,
    )
    remarks = ["the first line holds numbers, so columns are named 0, 1, ..."] if headless else []
    if comments:
        remarks.append(f"{len(comments)} line{'s' * (len(comments) > 1)} of comment, which begin with #, passed over")
    return table, remarks


def _cells(line, separator):
    return [cell.strip().strip('"') for cell in line.rstrip("\r\n").split(separator)]


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_same(first_path, first, path, table):
    """Raises InputError unless two tables have the same columns, in any order."""
    missing = [name for name in first.columns if name not in table.columns]
    further = [name for name in table.columns if name not in first.columns]
    if missing or further:
        told = f"{path.name} lacks {', '.join(missing)}" if missing else f"{path.name} also has {', '.join(further)}"
        raise InputError(f"The splits of a table have the same columns as {first_path}. Received: {told}.")


def _numbers(path, table, names):
    """Columns as [rows, len(names)] float32."""
    import pandas as pd

    values = np.empty((len(table), len(names)), "float32")
    for place, name in enumerate(names):
        column = table[name]
        _check_whole(path, name, column)
        if not (pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column)):
            numeric = pd.to_numeric(column.astype(str), errors="coerce")
            row = int(np.argmax(numeric.isna()))
            if re.fullmatch(r"\s*[-+]?\d+,\d+\s*", str(column.iloc[row])):
                raise InputError(
                    f"{path}: the decimal sign is a point. Received: column {name!r} with {str(column.iloc[row])!r} in "
                    f"row {row}. Nearest: pandas.read_csv({str(path)!r}, sep=';', decimal=',').to_csv('new.csv', "
                    "index=False)."
                )
            raise InputError(
                f"{path}: features are numbers. Received: column {name!r} with {str(column.iloc[row])!r} in row {row}. "
                "Code it as numbers, leave it out of the file, or name it as the label."
            )
        exact = column.to_numpy("float64")
        with np.errstate(over="ignore"):
            values[:, place] = exact
        _check_digits(path, name, exact, values[:, place])
    return values


def _check_whole(path, name, column):
    """Raises InputError for gaps in a column."""
    gaps = column.isna().to_numpy()
    if gaps.any():
        raise InputError(
            f"{path}: every value must be there. Received: {np.count_nonzero(gaps)} gaps in column {name!r}, the first "
            f"in row {int(np.argmax(gaps))}. Drop those rows, fill the gaps, or leave the column out of the file."
        )


def _check_digits(path, name, exact, rounded):
    """Raises InputError for infinite values, and where float32 cannot tell the values of a column apart."""
    if not np.isfinite(rounded).all():
        row = int(np.argmin(np.isfinite(rounded)))
        raise InputError(
            f"{path}: every value must be finite in float32. Received: {exact[row]:g} in column {name!r}, row {row}."
        )
    spread = exact.std()
    if np.abs(exact - rounded).max() > 0.01 * spread > 0:
        raise InputError(
            f"{path}: models compute in float32, which has 7 digits. Received: column {name!r} from {exact.min():.10g} "
            f"to {exact.max():.10g}, whose digits would be lost. Nearest: subtract {exact.min():.10g} from it."
        )


def _classes(files, columns):
    """The classes' names, sorted, and `{split: [rows] int64}` of a column of classes."""
    import pandas as pd

    for split, column in columns.items():
        _check_whole(files[split], column.name, column)
        if pd.api.types.is_float_dtype(column):
            fractions = column.to_numpy("float64") % 1 != 0
            if fractions.any():
                raise InputError(
                    f"{files[split]}: classes are text or whole numbers. Received: {column[fractions].iloc[0]:g} in "
                    f"column {column.name!r}. Nearest: context, for numbers on which a density depends."
                )
            columns[split] = column.astype("int64")
    every = pd.concat(list(columns.values()), ignore_index=True)
    try:
        known = sorted(every.unique().tolist())
    except TypeError:
        known = sorted(map(str, every.unique().tolist()))
        columns = {split: column.astype(str) for split, column in columns.items()}
    if not 2 <= len(known) <= MOST_CLASSES:
        raise InputError(
            f"{files['train']}: a label has from 2 to {MOST_CLASSES} classes. Received: {len(known)} in column "
            f"{every.name!r}."
        )
    places = {value: place for place, value in enumerate(known)}
    codes = {split: column.map(places).to_numpy("int64") for split, column in columns.items()}
    return tuple(map(str, known)), codes


def _account(path, files, source, label, context, test_last, remarks):
    """What was read, by which rule, in a line."""
    parts = [splits_told(source.sizes, how_divided(test_last) if len(files) == 1 else "")]
    if label is not None:
        labels = np.concatenate([source.array(split, "label") for split in source.splits])
        told = counted(np.bincount(labels, minlength=source.num_classes), source.class_names)
        parts.append(f"label {label} of {told}")
    if context:
        parts.append(f"context {some(context)}")
    others = sorted(file for file in path.iterdir() if file not in files.values()) if path.is_dir() else []
    if others:
        parts.append(f"passed over {len(others):,}: {named([file.name for file in others], others)}")
    columns = source.columns
    used = f"{len(columns)} column{'s' * (len(columns) != 1)} as features ({some(columns)})"
    return f"{path}: {used}: {'; '.join([*parts, *dict.fromkeys(remarks)])}"
