"""What a person prefers, as the app takes it up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from tests.ui.support import Session, advance, frozen_app, hold, session
from vapor_tui.config import ConfigError, Preferences, load_preferences
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Status
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.app import VaporApp, create_app
from vapor_tui.ui.backend import Backend
from vapor_tui.ui.keymap import import_screens, is_key, keymap
from vapor_tui.ui.messages import KeysKnown
from vapor_tui.ui.screens.configure import ConfigureScreen
from vapor_tui.ui.screens.jobs import JobsScreen
from vapor_tui.ui.screens.monitor import MonitorScreen

AddJob = Callable[..., Job]

WIDE = (160, 45)
"""Room for keys that were changed, which stand behind the others."""


def preferring(workspace: Workspace, **preferences: Any) -> VaporApp:
    return frozen_app(workspace, preferences=Preferences(**preferences))


def test_the_pace_is_the_persons(workspace: Workspace) -> None:
    backend = Backend(workspace.database.path, owner=workspace.owner)
    assert create_app(backend).refresh_seconds == 1.0
    wanted = Preferences(refresh_seconds=2.5)
    assert create_app(backend, preferences=wanted).refresh_seconds == 2.5
    assert create_app(backend, preferences=wanted, refresh_seconds=0.1).refresh_seconds == 0.1


async def test_the_theme_is_there_from_the_start(workspace: Workspace) -> None:
    async with session(preferring(workspace, theme="vapor-light")) as app:
        assert app.app.current_theme.name == "vapor-light"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('bell = true\ntheme = "neon"', ('line 2, "theme"', "vapor-dark, vapor-light")),
        ('[keys]\n"jobs.nw" = "x"', ('line 2, "keys.jobs.nw"', "did you mean jobs.new?")),
        ('[keys]\njobs.nw = "x"', ('"keys.jobs.nw"', "did you mean jobs.new?")),
        ('[keys]\n"nothing" = "x"', ('line 2, "keys.nothing"', "called so")),
        ('[keys]\n"jobs.new" = "x,foo"', ('line 2, "keys.jobs.new"', '"foo" is no key')),
        ('[keys]\n"jobs.new" = "ctrl+"', ('line 2, "keys.jobs.new"', "is no key")),
    ],
)
def test_what_there_is_not_is_refused_with_its_line(
    workspace: Workspace, config_directory: Path, text: str, said: tuple[str, ...]
) -> None:
    (config_directory / "config.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        frozen_app(workspace, preferences=load_preferences())
    assert all(part in str(caught.value) for part in said), caught.value


async def test_smoothing_begins_as_preferred_and_goes_on_from_there(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = advance(workspace, hold(workspace, add_job), 60)
    wanted = Preferences.model_validate({"monitor": {"smoothing": 0.5}})
    app = frozen_app(workspace, job_id=job.id, preferences=wanted)
    async with session(app) as running:
        await running.sees("smooth 0.50")
        for key, smoothing in (("right", 0.6), ("left", 0.3), ("left", 0.0), ("left", 0.0)):
            await running.press(f"{key}_square_bracket")
            assert running.top(MonitorScreen).view.smoothing == smoothing


class Bells:
    """Counts how often the terminal is rung."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rung = 0
        monkeypatch.setattr(App, "bell", self._ring)

    def _ring(self, *_: object) -> None:
        self.rung += 1


@pytest.mark.parametrize("bell", [True, False])
async def test_the_bell_rings_once_for_all_that_comes_together(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch, bell: bool
) -> None:
    job, bells = hold(workspace, add_job), Bells(monkeypatch)
    async with session(preferring(workspace, bell=bell)) as app:
        await app.until(lambda: app.app.overview is not None)
        assert bells.rung == 0, "what was told before rings no more"
        advance(workspace, job, 33, status=Status.FAILED, reason="loss is NaN")
        await app.until(lambda: len(app.app._notifications) >= 1)
        assert bells.rung == int(bell)


async def test_own_keys_take_the_place_of_the_usual(workspace: Workspace, add_job: AddJob) -> None:
    add_job()
    keys = {"jobs.new": "N,ctrl+n", "app.notifications": "f9"}
    async with session(preferring(workspace, keys=keys), WIDE) as app:
        await app.sees("support-bot", "N new")
        await app.press("n", "3")
        assert app.top(JobsScreen)
        await app.press("N")
        await app.until(lambda: isinstance(app.app.screen, ConfigureScreen))


async def test_what_shared_a_key_with_what_is_changed_keeps_it(
    workspace: Workspace, add_job: AddJob
) -> None:
    add_job()
    async with session(preferring(workspace, keys={"jobs.rehearse": "z"}), WIDE) as app:
        await app.sees("support-bot")
        await app.press("p")
        await app.sees("paused", "r resume")
        assert _toasts(app) == []


async def test_a_key_that_means_two_things_is_told(workspace: Workspace, add_job: AddJob) -> None:
    add_job()
    async with session(preferring(workspace, keys={"job.stop": "n"})) as app:
        await app.until(lambda: bool(_toasts(app)))
        assert _toasts(app) == ["Two meanings of n: job.stop and jobs.new"]


def _toasts(app: Session) -> list[str]:
    return [toast.message for toast in app.app._notifications if "meanings" in toast.message]


def test_without_changes_no_key_clashes() -> None:
    import_screens()
    assert keymap({}).clashes == []
    assert keymap({"jobs.new": "n"}).clashes == []


async def test_keys_of_screens_that_are_not_open_yet_are_changed_too(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = advance(workspace, hold(workspace, add_job), 60)
    async with session(preferring(workspace, keys={"monitor.window": "f7"})) as app:
        await app.until(lambda: bool(app.heard(KeysKnown)))
        app.app.open_monitor(job.id)
        await app.sees("f7 window")
        await app.press("f7")
        assert app.top(MonitorScreen).view.width is not None


@pytest.mark.parametrize("name", ["n", "N", "?", "+", "/", "f5", "ctrl+n", "slash", "space", "é"])
def test_keys_are_known(name: str) -> None:
    assert is_key(name)


@pytest.mark.parametrize("name", ["", "ctrl+", "foo", "Ctrl+n", "ctrl+alt", "n n"])
def test_other_words_are_no_keys(name: str) -> None:
    assert not is_key(name)
