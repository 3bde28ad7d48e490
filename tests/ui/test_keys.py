"""The keys of all screens: one meaning each, a name to remap them by, and all of them in help."""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Iterator

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

import vapor_tui.ui
from tests.ui.support import Session
from tests.ui.tour import STOPS, AddJob, Stop, standing_at
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.screens.help import HelpScreen, help_lines, keys_of
from vapor_tui.ui.screens.jobs import JobsScreen
from vapor_tui.ui.widgets.job_table import JobTable
from vapor_tui.ui.widgets.lines import line_width
from vapor_tui.ui.widgets.log_panel import LogPanel
from vapor_tui.ui.widgets.plan_table import PlanTable

AT = {stop.name: stop for stop in STOPS}

MOVE = {"move", "step", "scroll", "scroll_down", "scroll_up", "turn", "page", "carry"} | {
    "app.focus_next",
    "app.focus_previous",
}
BACK = {"leave", "cancel", "dismiss", "clear", "back"}
FIRST_OR_LAST = {"first", "last", "scroll_home", "scroll_end", "top", "bottom"}
USE = {"open", "restore", "keep", "leave", "watch"}

ONE_MEANING = {
    "go on": ({"r"}, {"resume", "retry", "rehearse", "open_again", "read_again"}),
    "back, the nearest thing first": ({"escape", "q"}, BACK),
    "on, by what there is": ({"up", "down", "left", "right", "j", "k", "pageup", "pagedown"}, MOVE),
    "to the first or the last": ({"g", "G", "home", "end"}, FIRST_OR_LAST),
    "use what has the focus": ({"enter"}, USE | {"app.focus_next", "dismiss"}),
    "change what has the focus": ({"space"}, {"move", "open", "restore", "mark", "choose"}),
    "through with the form": ({"ctrl+s"}, {"start", "save"}),
    "as a command": ({"f4"}, {"copy_command", "copy"}),
    "to the datasets": ({"2"}, {"datasets", "leave"}),
    "another filter": ({"f"}, {"status", "show_next", "filter"}),
    "compare with another": ({"c"}, {"compare", "add"}),
    "help, and away again": ({"question_mark"}, {"help", "dismiss"}),
    "export, and away again": ({"x"}, {"export", "leave"}),
}
"""Families of actions that are one thing to a person, and the keys that they may share."""

TWO_MEANINGS = {
    # Nothing but its answers applies while a question is asked, and "no" begins with n.
    "n": {"new", "cancel"},
    # While a file is read there is nothing to page through; the reading goes to the background.
    "ctrl+b": {"turn", "hide"},
    # As in a shell, where a path is typed; the parts of a dataset lie side by side as tabs.
    "tab": {"complete", "turn_over"},
}
"""Keys that mean two things, each with its reason."""


def our_classes() -> Iterator[type[DOMNode]]:
    for found in pkgutil.walk_packages(vapor_tui.ui.__path__, "vapor_tui.ui."):
        module = importlib.import_module(found.name)
        for value in vars(module).values():
            is_ours = getattr(value, "__module__", "") == module.__name__
            if is_ours and isinstance(value, type) and "BINDINGS" in vars(value):
                yield value


CLASSES = list(our_classes())


def test_the_walk_finds_the_screens() -> None:
    assert {HelpScreen, JobsScreen, JobTable, PlanTable, LogPanel} <= set(CLASSES)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_key_can_be_remapped_and_explains_itself(kind: type[DOMNode]) -> None:
    for binding in vars(kind)["BINDINGS"]:
        assert isinstance(binding, Binding)
        assert binding.id, binding
        assert binding.tooltip, binding


def test_a_key_means_one_thing_on_all_screens() -> None:
    actions: dict[str, set[str]] = defaultdict(set)
    for kind in CLASSES:
        for binding in vars(kind)["BINDINGS"]:
            for key in binding.key.split(","):
                actions[key.strip()].add(binding.action.split("(")[0])
    doubtful = {
        key: found
        for key, found in actions.items()
        if len(found) > 1
        and found != TWO_MEANINGS.get(key)
        and not any(key in keys and found <= family for keys, family in ONE_MEANING.values())
    }
    assert doubtful == {}
    assert set(TWO_MEANINGS) <= set(actions)


@pytest.mark.parametrize("kind", [JobTable, PlanTable, LogPanel])
def test_tables_are_moved_in_by_the_same_keys(kind: type[DOMNode]) -> None:
    keys = {key for binding in vars(kind)["BINDINGS"] for key in binding.key.split(",")}
    assert {"j", "k", "g", "G"} <= keys


@pytest.mark.parametrize("stop", ["jobs", "plans"])
async def test_the_cursor_of_a_table_follows_the_keys(
    workspace: Workspace, add_job: AddJob, stop: str
) -> None:
    async with standing_at(AT[stop], workspace, add_job) as app:
        table = app.app.screen.query_one(JobTable if stop == "jobs" else PlanTable)
        rows = table.count
        await app.press("g")
        places = []
        for key in ("j", "j", "k", "G", "k", "g"):
            await app.press(key)
            await app.pilot.pause()
            places.append(table.cursor)
        assert places == [1, 2, 1, rows - 1, rows - 2, 0]
        screens = len(app.app.screen_stack)
        await app.press("q")
        assert app.app._exit or len(app.app.screen_stack) == screens - 1


@pytest.mark.parametrize("stop", [stop for stop in STOPS if stop.name != "palette"], ids=str)
async def test_help_lists_every_key_that_works_now(
    workspace: Workspace, add_job: AddJob, stop: Stop
) -> None:
    async with standing_at(stop, workspace, add_job) as app:
        screen = app.app.screen
        told = {entry.binding_id for group in keys_of(screen) for entry in group.entries}
        active = {
            binding.id
            for _, binding, enabled, _ in screen.active_bindings.values()
            if enabled and binding.id and not binding.id.startswith("command")
        }
        assert active <= told


@pytest.mark.parametrize("width", [34, 50, 70, 100])
async def test_help_keeps_to_its_width(workspace: Workspace, add_job: AddJob, width: int) -> None:
    async with standing_at(AT["jobs"], workspace, add_job) as app:
        lines = help_lines(keys_of(app.app.screen), width)
        assert max(map(line_width, lines)) <= width
        words = "".join(text for line in lines for text, _ in line)
        for part in ("jobs.open", "Go to the next job", "screen.export", "↓  j"):
            assert part in words


@pytest.mark.parametrize("size", [(80, 24), (60, 18)])
async def test_help_is_read_to_its_end(
    workspace: Workspace, add_job: AddJob, size: tuple[int, int]
) -> None:
    async with standing_at(AT["jobs"], workspace, add_job, size) as app:
        await app.press("question_mark")
        await app.sees("On this screen")
        assert "app.quit" not in app.text
        await app.press("G")
        await app.sees("app.quit")
        seen = whole_help(app)
        await app.press("g")
        for _ in range(20):
            await app.pilot.pause()
            seen |= whole_help(app)
            await app.press("pagedown")
        assert {"jobs.new", "jobs.last", "screen.leave"} <= seen


def whole_help(app: Session) -> set[str]:
    """Return the words that are shown, without the scroll bar beside them."""
    return set(app.text.translate(dict.fromkeys(map(ord, "▁▂▃▄▅▆▇█▌"), " ")).split())
