"""What has no content, or has it elsewhere: in a process, in a file, in what is still to come."""

from __future__ import annotations

from ._names import names_of, title

#: Types, and subtypes of types, that have no fingerprint, and what to call them.
_REFUSED: dict[tuple[str, str], str] = {
    ("builtins", "generator"): "a generator",
    ("builtins", "coroutine"): "a coroutine",
    ("builtins", "async_generator"): "an async generator",
    ("builtins", "async_generator_asend"): "an async generator's step",
    ("builtins", "coroutine_wrapper"): "a coroutine",
    ("builtins", "frame"): "a frame",
    ("builtins", "traceback"): "a traceback",
    ("builtins", "ReferenceType"): "a weak reference",
    ("weakref", "ReferenceType"): "a weak reference",
    ("weakref", "ProxyType"): "a weak reference",
    ("weakref", "CallableProxyType"): "a weak reference",
    ("weakref", "WeakKeyDictionary"): "a dictionary of weak references",
    ("weakref", "WeakValueDictionary"): "a dictionary of weak references",
    ("_weakrefset", "WeakSet"): "a set of weak references",
    ("weakref", "finalize"): "a finalizer",
    ("_thread", "lock"): "a lock",
    ("_thread", "RLock"): "a lock",
    ("_thread", "_local"): "values that belong to threads",
    ("_thread", "_localdummy"): "values that belong to threads",
    ("threading", "Condition"): "a condition",
    ("threading", "Event"): "an event",
    ("threading", "Semaphore"): "a semaphore",
    ("threading", "Barrier"): "a barrier",
    ("threading", "Thread"): "a thread",
    ("queue", "Queue"): "a queue",
    ("_queue", "SimpleQueue"): "a queue",
    ("concurrent.futures._base", "Future"): "a future",
    ("concurrent.futures._base", "Executor"): "an executor",
    ("_asyncio", "Future"): "a future",
    ("_asyncio", "Task"): "a task",
    ("asyncio.tasks", "Task"): "a task",
    ("asyncio.futures", "Future"): "a future",
    ("asyncio.events", "AbstractEventLoop"): "an event loop",
    ("asyncio.events", "Handle"): "a callback of an event loop",
    ("asyncio.mixins", "_LoopBoundMixin"): "a lock, an event or a queue of asyncio",
    ("multiprocessing.process", "BaseProcess"): "a process",
    ("multiprocessing.pool", "Pool"): "a pool of processes",
    ("multiprocessing.managers", "BaseManager"): "a process",
    ("multiprocessing.shared_memory", "SharedMemory"): "memory shared with other processes",
    ("subprocess", "Popen"): "a process",
    ("_socket", "socket"): "a socket",
    ("ssl", "SSLContext"): "a TLS context",
    ("_io", "_IOBase"): "an open file",
    ("tempfile", "_TemporaryFileWrapper"): "an open file",
    ("tempfile", "TemporaryDirectory"): "a temporary directory",
    ("mmap", "mmap"): "a mapped file",
    ("posix", "ScandirIterator"): "a listing of a directory",
    ("sqlite3", "Connection"): "a connection to a database",
    ("sqlite3", "Cursor"): "a cursor of a database",
    ("_contextvars", "ContextVar"): "a context variable",
    ("_contextvars", "Context"): "a context",
    ("_contextvars", "Token"): "a context variable's token",
    ("_ctypes", "_Pointer"): "a pointer",
    ("_ctypes", "CFuncPtr"): "a pointer to a function",
    ("ctypes", "CDLL"): "a library written in C",
    # What can be pickled, but as a name of something whose content lies elsewhere.
    ("h5py._hl.base", "HLObject"): "a part of an HDF5 file",
    ("netCDF4._netCDF4", "Dataset"): "an open netCDF file",
    ("zarr.core.group", "Group"): "a Zarr store",
    ("zarr.core.array", "Array"): "a Zarr array",
    ("zarr.hierarchy", "Group"): "a Zarr store",
    ("xarray.backends.file_manager", "FileManager"): "an open file",
    ("pyarrow._dataset", "Dataset"): "a data set in files",
    ("pyarrow._parquet", "ParquetReader"): "an open file",
    ("pyarrow.lib", "NativeFile"): "an open file",
    ("sqlalchemy.engine.base", "Engine"): "a connection to a database",
    ("requests.sessions", "Session"): "a network connection",
    ("ipywidgets.widgets.widget", "Widget"): "a widget",
    ("traitlets.config.configurable", "SingletonConfigurable"): "a part of an application",
    ("comm.base_comm", "BaseComm"): "a connection to the front-end",
}

#: Kinds of these that do have content.
_ACCEPTED = {("_io", "BytesIO"), ("_io", "StringIO")}


def refusal(kind: type) -> str | None:
    """Why instances of a type have no fingerprint; None if they may have one."""
    names = names_of(kind)
    if not _ACCEPTED.isdisjoint(names):
        return None
    reason = next((_REFUSED[name] for name in names if name in _REFUSED), None)
    known = reason is not None and names[0] in _REFUSED
    return reason if known or reason is None else f"{reason} ({title(kind)})"
