"""Fixtures of the fault suite: programs to kill, the oracle, and what is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.figures import Figures
from tests.faults.jobs import states
from tests.faults.oracle import Verdict, Witness, judge
from tests.faults.programs import Programs, zygote
from vapor_tui.domain.lifecycle import Status

_FIGURES = pytest.StashKey[Figures]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_FIGURES] = Figures()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the figures over to the process that prints them, where several run the tests."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["fault_figures"] = session.config.stash[_FIGURES].packed()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the figures of a process that has run its share of the tests."""
    packed = getattr(node, "workeroutput", {}).get("fault_figures")
    if packed is not None:
        node.config.stash[_FIGURES].absorb(packed)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    figures = terminalreporter.config.stash[_FIGURES]
    if figures.counts or figures.words:
        terminalreporter.section("faults")
        for line in figures.lines():
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    """Starts programs within milliseconds; those that are left are killed at the end."""
    with zygote(tmp_path_factory.mktemp("programs")) as started:
        yield started


@pytest.fixture
def figures(pytestconfig: pytest.Config) -> Figures:
    return pytestconfig.stash[_FIGURES]


MustBeSound = Callable[..., Verdict]
MustComplete = Callable[..., None]


@pytest.fixture
def must_be_sound(figures: Figures) -> MustBeSound:
    """Has the oracle judge a database, and fails with all that it finds."""

    def check(path: Path, seen: Witness | None = None) -> Verdict:
        verdict = judge(path, seen)
        figures.judged(verdict)
        assert not verdict.findings, "\n".join(text for _, text in verdict.findings)
        return verdict

    return check


@pytest.fixture
def must_complete(programs: Programs, must_be_sound: MustBeSound) -> MustComplete:
    """Lets a healthy worker complete every job, and has the oracle judge that."""

    def check(path: Path, seen: Witness | None = None) -> None:
        must_be_sound(path, seen)
        healthy = programs.worker(path, "--once", "--speed", "max", hooks=[("hurry", {})])
        code = healthy.wait()
        assert code == 0, healthy.said
        must_be_sound(path, seen)
        assert {job.status for job in states(path).values()} == {Status.COMPLETED}
        assert not path.with_name(f"{path.name}-journal").exists()

    return check
