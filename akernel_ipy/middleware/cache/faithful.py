"""Tables: what pickles and comes back as something else, and what comes back as it was."""

from __future__ import annotations

#: Classes whose objects pickle, and come back as something else.
NEVER = {
    ("traitlets.traitlets", "HasTraits"): "a widget, or another object with traits",
    ("os", "_Environ"): "the environment",
    ("numpy", "memmap"): "an array that lives in a file",
    ("asyncio.mixins", "_LoopBoundMixin"): "part of the event loop",
    ("matplotlib.animation", "Animation"): "a running animation",
    ("concurrent.futures._base", "Executor"): "a pool of workers",
    ("logging", "Handler"): "a log handler",
    # cloudpickle would store copies of these, or something else in their place.
    ("_io", "TextIOWrapper"): "an open file",
    ("_io", "FileIO"): "an open file",
    ("_io", "BufferedReader"): "an open file",
    ("_io", "BufferedWriter"): "an open file",
    ("_io", "BufferedRandom"): "an open file",
    ("builtins", "memoryview"): "a view of memory",
    ("builtins", "dict_keys"): "a view of a dictionary",
    ("builtins", "dict_values"): "a view of a dictionary",
    ("builtins", "dict_items"): "a view of a dictionary",
    ("builtins", "odict_keys"): "a view of a dictionary",
    ("builtins", "odict_values"): "a view of a dictionary",
    ("builtins", "odict_items"): "a view of a dictionary",
}

#: Types that come back equal for sure; anything else is loaded back and compared.
TRUSTED = frozenset(
    {
        "abc", "array", "ast", "builtins", "collections", "contextlib", "dataclasses", "datetime",
        "decimal", "enum", "fractions", "functools", "inspect", "io", "itertools", "matplotlib",
        "numbers",
        "numpy", "operator", "pandas", "pathlib", "polars", "pyarrow", "random", "re", "scipy",
        "string", "types", "typing", "uuid", "zoneinfo", "akernel_ipy",
    }
)  # fmt: skip
