"""Walk the statements of a cell along the paths that control can take."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

from ..syntax import last_word
from . import _effects as effects
from ._definitions import Definitions
from ._known import SUPPRESSING
from ._scopes import Bindings
from ._state import State, join


class _Loop(NamedTuple):
    """The paths out of a loop, and the names its body binds."""

    breaks: list[State]
    continues: list[State]
    stores: set[str]


class Statements(Definitions):
    """The whole walk: statements that steer control, on top of all others."""

    def __init__(self, python: tuple[int, int], transform: Callable[[str], str] | None) -> None:
        super().__init__(python, transform)
        self._loops: list[_Loop] = []

    # -- control ---------------------------------------------------------------------------

    def _leave(self, node: ast.Return | ast.Raise) -> None:
        self.visit_all(ast.iter_child_nodes(node))
        self.facts.leave()

    visit_Return = visit_Raise = _leave

    def visit_Assert(self, node: ast.Assert) -> None:
        true, false = self.condition(node.test)
        if node.msg is not None:
            self.facts.state = false
            self.visit(node.msg)
        self.facts.state = true

    def visit_If(self, node: ast.If) -> None:
        facts = self.facts
        true, false = self.condition(node.test)
        saved = facts.conditional
        facts.conditional = saved | self._other_rounds()
        facts.state = true
        self.visit_all(node.body)
        true, facts.state = facts.state, false
        self.visit_all(node.orelse)
        one_way = true.dead or facts.state.dead
        facts.state = join(true, facts.state)
        if not one_way:
            facts.conditional = saved

    def _other_rounds(self) -> set[str]:
        return self._loops[-1].stores if self._loops and self.at_top else set()

    def visit_While(self, node: ast.While) -> None:
        facts, found = self.facts, self._enter_loop(node.body)
        facts.state.bound -= found.deletes
        true, false = self.condition(node.test)
        facts.state = true
        self._loop_body(node.body, found)
        facts.state = join(false, facts.state) if not false.dead else false
        self._leave_loop(node.orelse)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        if isinstance(node, ast.AsyncFor):
            self.note_await()
        self.visit(node.iter)
        self.touch(effects.roots(node.iter))
        facts, before = self.facts, self.facts.state.copy()
        found = self._enter_loop(node.body)
        facts.state.bound -= found.deletes
        self.visit(node.target)
        self._loop_body(node.body, found)
        facts.state = join(before, facts.state)
        self._leave_loop(node.orelse)

    visit_AsyncFor = visit_For

    def _enter_loop(self, body: list[ast.stmt]) -> Bindings:
        found = self.bindings(body)
        self._loops.append(_Loop([], [], found.stores))
        return found

    def _loop_body(self, body: list[ast.stmt], found: Bindings) -> None:
        saved = self.facts.conditional
        self.visit_all(body)
        self.facts.conditional = saved
        self.facts.state = join(self.facts.state, *self._loops[-1].continues)

    def _leave_loop(self, orelse: list[ast.stmt]) -> None:
        breaks = self._loops.pop().breaks
        self.visit_all(orelse)
        self.facts.state = join(self.facts.state, *breaks)

    def visit_Break(self, node: ast.Break) -> None:
        if self._loops:
            self._loops[-1].breaks.append(self.facts.state.copy())
        self.facts.state.dead = True

    def visit_Continue(self, node: ast.Continue) -> None:
        if self._loops:
            self._loops[-1].continues.append(self.facts.state.copy())
        self.facts.state.dead = True

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        if isinstance(node, ast.AsyncWith):
            self.note_await()
        suppressing = False
        for item in node.items:
            self.visit(item.context_expr)
            suppressing = suppressing or last_word(item.context_expr) in SUPPRESSING
            if item.optional_vars is not None:
                self.visit(item.optional_vars)
        before = self.facts.state.copy()
        before.bound -= self.bindings(node.body).deletes
        self.visit_all(node.body)
        if suppressing:
            before.possible |= self.facts.state.possible
            self.facts.state = join(before, self.facts.state)

    visit_AsyncWith = visit_With

    # -- exceptions ------------------------------------------------------------------------

    def visit_Try(self, node: ast.Try) -> None:
        facts, found = self.facts, self.bindings(node.body)
        raised = facts.state.copy()
        raised.bound -= found.deletes
        raised.possible |= self._global_stores(found)
        jumps = self._jumps()
        known = len(jumps[0]), len(jumps[1])
        guarded = any(_catches_name_error(handler.type) for handler in node.handlers)
        facts.guards += guarded
        self.visit_all(node.body)
        facts.guards -= guarded
        raised.possible |= facts.state.possible
        normal, ends = facts.state, []
        for handler in node.handlers:
            facts.state = raised.copy()
            self._handler(handler)
            ends.append(facts.state)
        facts.state = normal
        self.visit_all(node.orelse)
        facts.state = join(facts.state, *ends)
        if node.finalbody:
            jumping = [*jumps[0][known[0] :], *jumps[1][known[1] :]]
            self._finally(node, raised)
            self._after_finally(node, jumping)

    visit_TryStar = visit_Try

    def _jumps(self) -> tuple[list[State], list[State]]:
        return (self._loops[-1].breaks, self._loops[-1].continues) if self._loops else ([], [])

    def _after_finally(self, node: ast.Try, jumping: list[State]) -> None:
        """A ``break`` or ``continue`` in the block passes through ``finally`` first."""
        found = self.bindings(node.finalbody)
        for state in jumping:
            state.bound -= found.deletes
            state.possible |= self._global_stores(found)

    def _global_stores(self, found: Bindings) -> set[str]:
        return found.stores if self._storing_scope() is None else found.declared_global

    def _handler(self, handler: ast.ExceptHandler) -> None:
        if handler.type is not None:
            self.visit(handler.type)
        if handler.name:
            self.store(handler.name)
        self.visit_all(handler.body)
        if handler.name:
            self.forget(handler.name)

    def _finally(self, node: ast.Try, raised: State) -> None:
        """Visit the last block as after an error, where least is bound; then go on normally."""
        facts, normal = self.facts, self.facts.state
        weak = raised.copy()
        weak.dead = raised.dead
        for block in (*node.handlers, *node.orelse):
            weak.bound -= self.bindings([block]).deletes
        weak.possible |= normal.possible
        facts.state = weak.copy()
        self.visit_all(node.finalbody)
        after = facts.state
        normal.bound = (normal.bound | (after.bound - weak.bound)) - (weak.bound - after.bound)
        bound_here = self._global_stores(self.bindings(node.finalbody))
        normal.possible |= after.possible - (weak.possible - bound_here)
        normal.possible -= weak.possible - after.possible
        normal.bound &= normal.possible
        normal.dead = normal.dead or after.dead
        facts.state = normal

    # -- match -----------------------------------------------------------------------------

    def visit_Match(self, node: ast.Match) -> None:
        facts = self.facts
        self.visit(node.subject)
        rest, ends = facts.state, []
        for case in node.cases:
            facts.state = rest.copy()
            self.visit(case.pattern)
            caught = set(facts.state.possible)  # bound even if the guard fails
            if case.guard is not None:
                facts.state = self.condition(case.guard)[0]
            self.visit_all(case.body)
            ends.append(facts.state)
            rest.possible |= caught
            rest.dead = rest.dead or (case.guard is None and _irrefutable(case.pattern))
        facts.state = join(rest, *ends)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if isinstance(node, ast.MatchAs) and node.pattern is not None:
            self.visit(node.pattern)
        if node.name:
            self.store(node.name)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self.visit_all([*node.keys, *node.patterns])
        if node.rest:
            self.store(node.rest)


def _catches_name_error(node: ast.expr | None) -> bool:
    if isinstance(node, ast.Tuple):
        return any(_catches_name_error(element) for element in node.elts)
    return isinstance(node, ast.Name) and node.id == "NameError"


def _irrefutable(pattern: ast.pattern) -> bool:
    if isinstance(pattern, ast.MatchAs):
        return pattern.pattern is None or _irrefutable(pattern.pattern)
    return isinstance(pattern, ast.MatchOr) and any(map(_irrefutable, pattern.patterns))
