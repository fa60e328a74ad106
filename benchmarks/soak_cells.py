"""What the notebooks of the soak do: each kind says what it must see."""

from __future__ import annotations

from collections.abc import Callable

from .soak_notebooks import Notebook

Kind = Callable[[Notebook], None]

FLAVOURS = ("async", "chain", "flow", "react", "chain-react", "flow-react")


def value(notebook: Notebook) -> None:
    """A result."""
    notebook.run("v_TOKEN = 'TOKEN' * 2\nv_TOKEN", value="'TOKENTOKEN'")


def batch(notebook: Notebook) -> None:
    """Some cells at once."""
    for _ in range(notebook.random.randrange(2, 10)):
        value(notebook)


def prints(notebook: Notebook) -> None:
    """Lines, while others run."""
    notebook.run(
        "for i_TOKEN in range(3):\n    print('TOKEN', i_TOKEN)\n    await asyncio.sleep(0.001)",
        stdout="TOKEN 0\nTOKEN 1\nTOKEN 2\n",
    )


def many_lines(notebook: Notebook) -> None:
    """More text than fits into one message."""
    count = notebook.random.randrange(100, 2000)
    lines = "".join(f"TOKEN {n}\n" for n in range(count))
    notebook.run(f"for i_TOKEN in range({count}): print('TOKEN', i_TOKEN)", stdout=lines)


def error(notebook: Notebook) -> None:
    """A cell that fails."""
    notebook.run("print('TOKEN'); raise ValueError('TOKEN')", stdout="TOKEN\n", error="ValueError")


def syntax_error(notebook: Notebook) -> None:
    """A cell that can't be parsed."""
    notebook.run("def TOKEN(:", error="SyntaxError")


def pickles(notebook: Notebook) -> None:
    """A class of the session, found by its name."""
    notebook.run(
        "import pickle\nclass c_TOKEN: x = 'TOKEN'\nawait asyncio.sleep(0)\n"
        "pickle.loads(pickle.dumps(c_TOKEN())).x",
        value="'TOKEN'",
    )


def thread(notebook: Notebook) -> None:
    """Text of a thread."""
    notebook.run(
        "import threading\nt_TOKEN = threading.Thread(target=print, args=('TOKEN',))\n"
        "t_TOKEN.start(); t_TOKEN.join()",
        stdout="TOKEN\n",
    )


def shell(notebook: Notebook) -> None:
    """The session's own shell, also in a callback."""
    notebook.run(
        "from IPython import get_ipython as g_TOKEN\n"
        "f_TOKEN = asyncio.get_running_loop().create_future()\n"
        "_ = asyncio.get_running_loop().call_later(0.001, "
        "lambda: f_TOKEN.set_result(g_TOKEN().user_ns is globals()))\nawait f_TOKEN, 'TOKEN'",
        value="(True, 'TOKEN')",
    )


def garbage(notebook: Notebook) -> None:
    """Objects that only the garbage collector finds."""
    notebook.run(
        "g_TOKEN = [bytes(1000) for _ in range(100)]; g_TOKEN.append(g_TOKEN); del g_TOKEN"
    )


def interrupted(notebook: Notebook) -> None:
    """A cell that is interrupted by its own notebook."""
    notebook.settle()
    cell = notebook.run(
        "print('TOKEN')\nawait asyncio.sleep(600)", stdout="TOKEN\n", error="KeyboardInterrupt"
    )
    notebook.board.pump(lambda: cell.token in cell.text)
    notebook.interrupt()
    notebook.settle()


def reset(notebook: Notebook) -> None:
    """An emptied namespace."""
    notebook.settle()
    notebook.run("%reset -f -s")
    notebook.settle()


def flavour(notebook: Notebook) -> None:
    """Another flavour of the session."""
    notebook.settle()
    notebook.run(f"%akernel_mode {notebook.random.choice(FLAVOURS)}", stdout=None)
    notebook.settle()


def reload(notebook: Notebook) -> None:
    """A page that is reloaded finds its names again, also while a cell runs."""
    notebook.settle()
    notebook.run("'TOKEN'", slot=1, value="'TOKEN'")
    marked = notebook.run("marker = 'TOKEN'", slot=0)
    notebook.settle()
    if notebook.random.random() < 0.5:
        notebook.run("await asyncio.sleep(0.02); print('TOKEN')", stdout="TOKEN\n")
    notebook.reload()
    notebook.run("globals()['marker']", slot=1, value=f"'{marked.token}'")
    notebook.settle()


def end(notebook: Notebook) -> None:
    """The end of a session, and another one in its place."""
    notebook.settle()
    notebook.run("print('TOKEN'); exit()", stdout="TOKEN\n")
    notebook.settle()
    notebook.reload(fresh=True)


KINDS: tuple[tuple[Kind, int], ...] = (
    (value, 30),
    (prints, 20),
    (batch, 8),
    (error, 8),
    (syntax_error, 3),
    (pickles, 8),
    (thread, 6),
    (many_lines, 2),
    (shell, 5),
    (garbage, 5),
    (interrupted, 2),
    (reset, 1),
    (flavour, 2),
    (reload, 2),
)
