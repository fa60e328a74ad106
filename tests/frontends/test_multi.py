"""Two notebooks on one kernel of flavour multi, through "Use Kernel from Other Session"."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from .page import NotebookPage
from .reactive_page import save_and_reload

Open = Callable[..., NotebookPage]

STEPS = """
from gates import passed
for step in range(2):
    print("{name}", step)
    await passed(f"{name}{{step}}")
"""


def join(page: NotebookPage, other: NotebookPage) -> None:
    """Let a notebook use the kernel of another one, as a user does: Kernel, Change Kernel..."""
    (session,) = [s for s in page.server.api("GET", "api/sessions") if s["path"] == other.path]
    page.menu("Kernel", "Change Kernel…")
    choice = page.page.locator(".jp-Dialog select")
    option = choice.locator("option", has_text=other.path.rsplit("/", 1)[-1])
    values = [o.get_attribute("value") or "" for o in option.all()]
    (value,) = [value for value in values if session["kernel"]["id"] in value]
    choice.select_option(value=value)
    page.page.locator(".jp-Dialog button.jp-mod-accept").click()
    page.page.wait_for_function(
        "id => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.id === id",
        arg=session["kernel"]["id"],
    )
    page.expect_ready()


def pair(notebook: Open, first: tuple[str, ...], second: tuple[str, ...]) -> list[NotebookPage]:
    """Open two notebooks on one kernel."""
    pages = [notebook(*first, kernel="akernel-multi"), notebook(*second, kernel="akernel-multi")]
    join(pages[1], pages[0])
    kernels = {session["kernel"]["id"] for session in pages[0].server.api("GET", "api/sessions")}
    assert len(kernels) == 1
    return pages


def see_own_names_and_completions(a: NotebookPage, b: NotebookPage) -> None:
    for page in (a, b):
        page.run(0)
        page.cell(0).expect_ended(1)
    a.run(1)
    a.cell(1).expect_output("[2]:", "'a'")
    b.run(1)
    b.cell(1).expect_error("KeyError")
    for page, names in ((a, "fruit_of_a1fruit_of_a2"), (b, "fruit_of_b1fruit_of_b2")):
        page.cell(2).edit()
        page.page.keyboard.press("Tab")
        shown = page.page.locator(".jp-Completer-item .jp-Completer-match")
        expect(shown).to_have_count(2)
        assert "".join(shown.all_inner_texts()) == names
        page.page.keyboard.press("Escape")


def see_cells_take_turns(a: NotebookPage, b: NotebookPage) -> None:
    a.run(3)
    b.run(3)
    a.cell(3).expect_output("a 0")
    b.cell(3).expect_output("b 0")
    a.open_gate("b0")  # the working directory is that of the first notebook
    b.cell(3).expect_output("b 0", "b 1")
    a.cell(3).expect_output("a 0")
    a.open_gate("a0")
    a.cell(3).expect_output("a 0", "a 1")
    a.open_gate("a1")
    a.cell(3).expect_ended(3)
    b.cell(3).expect_running()
    a.open_gate("b1")
    b.cell(3).expect_ended(3)


def test_each_notebook_has_names_completions_and_outputs_of_its_own_also_after_a_reload(
    notebook: Open,
) -> None:
    # The page itself would complete words that stand in the notebook.
    bind = "globals().update({{'fruit' + '_of_' + c + n: c for n in '12' for c in '{0}'}})"
    look = "globals()['fruit_' + 'of_a1']"
    a, b = pair(
        notebook,
        (bind.format("a"), look, "fruit_", STEPS.format(name="a"), "fruit_of_a2"),
        (bind.format("b"), look, "fruit_", STEPS.format(name="b"), "fruit_of_b2"),
    )
    see_own_names_and_completions(a, b)
    see_cells_take_turns(a, b)
    save_and_reload(a)
    a.run(4)
    a.cell(4).expect_output("[4]:", "'a'")
    b.run(4)
    b.cell(4).expect_output("[4]:", "'b'")


def test_an_error_exit_and_the_end_of_one_notebook_leave_the_other_alone(notebook: Open) -> None:
    a, b = pair(
        notebook,
        (STEPS.format(name="a"), "'alive'", "'still'"),
        ("1 / 0", "exit()", "'again'", STEPS.format(name="b")),
    )
    a.run(0)
    a.cell(0).expect_output("a 0")
    b.run(0)
    b.cell(0).expect_error("ZeroDivisionError")
    b.run(1)
    b.cell(1).expect_ended(2)
    a.open_gate("a0")
    a.open_gate("a1")
    a.cell(0).expect_ended(1)
    b.run(2)
    b.cell(2).expect_within_output("'again'")
    a.run(1)
    a.cell(1).expect_output("[2]:", "'alive'")
    b.run(3)
    b.cell(3).expect_output("b 0")
    b.page.close()
    a.run(2)
    a.cell(2).expect_output("[3]:", "'still'")
