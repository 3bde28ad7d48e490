"""A person, the worker that holds a job, and one that takes it over act at the same moment."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path

import pytest

from tests.conftest import OWNER
from tests.faults.conftest import MustBeSound
from tests.faults.figures import Figures
from tests.faults.jobs import plant
from vapor_tui.domain.estimate import final_cost
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import HELD, Action, Stage, Status
from vapor_tui.domain.results import Ok
from vapor_tui.processes import this_process
from vapor_tui.runners.base import LogText, Progress, RunControl
from vapor_tui.runners.simulator import SimulatorRunner
from vapor_tui.services.jobs import apply_action, get_job
from vapor_tui.services.workspace import Workspace, open_workspace
from vapor_tui.simulation import Pace
from vapor_tui.storage import claims, leases, takeover, workers
from vapor_tui.worker.drive import latest_metrics

ENDS = (Status.COMPLETED, Status.QUEUED, Status.PAUSED, Status.FAILED, Status.RUNNING)
"""What the worker that holds the job stores in its last tick."""
ACTIONS = (Action.CANCEL, Action.PAUSE, Action.FAIL, Action.CANCEL_AFTER_EPOCH)


async def _advance(job: Job, lease: leases.Lease, until: Stage, status: Status) -> leases.Advance:
    """Return what a worker stores that drives a job on until a stage begins."""
    blocks, lines, metrics = [], [], job.current_metrics
    position, cost = job.position, job.current_cost
    assert job.estimate is not None
    async with aclosing(SimulatorRunner(Pace.parse("max")).run(job, RunControl())) as events:
        async for event in events:
            match event:
                case Progress():
                    if position.stage is until:
                        break
                    position = event.position
                    cost = job.estimate.cost_at(event.billed_seconds)
                    if event.metrics is not None:
                        blocks.append(event.metrics)
                        metrics = latest_metrics(metrics, event.metrics)
                case LogText(text):
                    lines.append(text)
    return leases.Advance(
        lease=lease,
        before=job.position,
        after=position,
        status=status,
        progress=100 * position.step / job.total_steps,
        current_metrics=metrics,
        current_cost=cost,
        blocks=blocks,
        lines=lines,
        final_cost=final_cost(cost) if status.has_ended else None,
        error_message="It broke" if status is Status.FAILED else None,
        reason="It broke" if status is Status.FAILED else "",
    )


@dataclass
class Scene:
    """A job at its last stage, held by one worker, while another waits."""

    path: Path
    holder: int
    heir: int


def _prepare(path: Path, is_alive: bool) -> Scene:
    plant(path, steps=3, epochs=1)
    process = this_process()
    gone = process if is_alive else replace(process, process_start="1 " + "gone")
    if not is_alive:
        gone = replace(process, pid=2**22 + 1)
    workspace = open_workspace(path, owner=OWNER)
    try:
        write = workspace.database.write
        holder = write(workers.register, OWNER, gone, "1", True)
        heir = write(workers.register, OWNER, process, "1", True)
        [job] = write(claims.claim, OWNER, holder, 1)
        lease = leases.Lease(job.id, holder, job.fence)
        first = asyncio.run(_advance(job, lease, Stage.SAVING, Status.RUNNING))
        assert write(leases.store_advances, [first]) == set()
    finally:
        workspace.close()
    return Scene(path, holder, heir)


class Players:
    """What each of the three does, in steps of one transaction each."""

    def __init__(self, workspace: Workspace, scene: Scene, end: Status, action: Action) -> None:
        self._workspace, self._scene, self._end, self._action = workspace, scene, end, action
        self.answer: object = None
        self.lost: set[int] = set()
        self._dead: workers.Worker | None = None
        job = get_job(workspace, 1)
        assert job is not None
        until = Stage.COMPLETED if end is Status.COMPLETED else Stage.SAVING
        lease = leases.Lease(1, scene.holder, job.fence)
        with ThreadPoolExecutor(1) as pool:
            advance = pool.submit(lambda: asyncio.run(_advance(job, lease, until, end)))
        self._last = advance.result()

    def person_asks(self) -> None:
        self.answer = apply_action(self._workspace, self._action, 1)

    def holder_stores(self) -> None:
        def tick(connection: object) -> set[int]:
            if not workers.beat(connection, self._scene.holder):
                return {1}
            return leases.store_advances(connection, [self._last])

        self.lost = self._workspace.database.write(tick)

    def heir_looks(self) -> None:
        self._dead = self._workspace.database.read(workers.worker_by_id, self._scene.holder)

    def heir_takes_over(self) -> None:
        if self._dead is not None:
            self._workspace.database.write(takeover.take_over, self._dead, "worker 2")

    def heir_claims(self) -> None:
        self._workspace.database.write(claims.claim, OWNER, self._scene.heir, 1)


def _orders() -> Iterator[Sequence[str]]:
    """Yield every order of the steps in which those of the heir keep theirs."""
    heirs = ("heir_looks", "heir_takes_over", "heir_claims")
    for order in permutations(("person_asks", "holder_stores", *heirs)):
        if [step for step in order if step in heirs] == list(heirs):
            yield order


def _check(job: Job, players: Players, action: Action, end: Status) -> None:
    """Nobody's word is lost: neither what was asked nor what was stored."""
    asked, stored = isinstance(players.answer, Ok), not players.lost
    assert job.error_message in (None, "It broke", "Made to fail by hand")
    if stored and end is Status.COMPLETED:
        assert job.status is Status.COMPLETED
    elif asked and action is Action.CANCEL:
        ended = (Status.CANCELLED, Status.FAILED) if end is Status.FAILED else (Status.CANCELLED,)
        assert job.status in ended or (job.status in HELD and job.desired == "stop")
    elif asked and action is Action.PAUSE and end is not Status.FAILED:
        assert job.status is Status.PAUSED or job.desired == "pause"


def _play(
    template: Scene,
    folder: Path,
    must_be_sound: MustBeSound,
    ends: Sequence[Status],
    actions: Sequence[Action],
) -> int:
    played = 0
    for end in ends:
        for action in actions:
            for order in _orders():
                path = folder / "played.db"
                shutil.copy(template.path, path)
                workspace = open_workspace(path, owner=OWNER)
                try:
                    players = Players(workspace, template, end, action)
                    for step in order:
                        getattr(players, step)()
                    job = get_job(workspace, 1)
                finally:
                    workspace.close()
                assert job is not None
                must_be_sound(path)
                _check(job, players, action, end)
                played += 1
    return played


def test_cancel_complete_and_takeover_in_any_order(
    tmp_path: Path, must_be_sound: MustBeSound, figures: Figures
) -> None:
    gone = _prepare(tmp_path / "gone.db", is_alive=False)
    alive = _prepare(tmp_path / "alive.db", is_alive=True)
    played = _play(gone, tmp_path, must_be_sound, [Status.COMPLETED], [Action.CANCEL])
    played += _play(alive, tmp_path, must_be_sound, [Status.PAUSED], [Action.CANCEL])
    figures.fault("an order of cancel, complete and takeover", played)


@pytest.mark.long_faults
@pytest.mark.parametrize("is_alive", [True, False], ids=["alive", "gone"])
def test_any_action_any_end_and_takeover_in_any_order(
    tmp_path: Path, must_be_sound: MustBeSound, figures: Figures, is_alive: bool
) -> None:
    scene = _prepare(tmp_path / "template.db", is_alive)
    played = _play(scene, tmp_path, must_be_sound, ENDS, ACTIONS)
    figures.fault("an order of cancel, complete and takeover", played)


def test_cancel_complete_and_takeover_at_once(
    tmp_path: Path, must_be_sound: MustBeSound, figures: Figures
) -> None:
    _race(tmp_path, must_be_sound, figures, rounds=9)


@pytest.mark.long_faults
def test_cancel_complete_and_takeover_at_once_many_times(
    tmp_path: Path, must_be_sound: MustBeSound, figures: Figures
) -> None:
    outcomes = _race(tmp_path, must_be_sound, figures, rounds=300)
    assert len(outcomes) > 1, "one of them always won"


def _race(folder: Path, must_be_sound: MustBeSound, figures: Figures, rounds: int) -> set[Status]:
    """Let threads with connections of their own do it at once; return what came of it."""
    scene = _prepare(folder / "template.db", is_alive=False)
    outcomes: set[Status] = set()
    for number in range(rounds):
        path = folder / "raced.db"
        shutil.copy(scene.path, path)
        end, action = ENDS[number % 3], ACTIONS[number % 2]
        workspace = open_workspace(path, owner=OWNER)
        try:
            players = Players(workspace, scene, end, action)
            steps: list[list[Callable[[], None]]] = [
                [players.person_asks],
                [players.holder_stores],
                [players.heir_looks, players.heir_takes_over, players.heir_claims],
            ]
            barrier = threading.Barrier(len(steps))

            def act(own: list[Callable[[], None]], barrier: threading.Barrier = barrier) -> None:
                barrier.wait()
                for step in own:
                    step()

            with ThreadPoolExecutor(len(steps)) as pool:
                for future in [pool.submit(act, own) for own in steps]:
                    future.result()
            job = get_job(workspace, 1)
        finally:
            workspace.close()
        assert job is not None
        must_be_sound(path)
        _check(job, players, action, end)
        outcomes.add(job.status)
    figures.fault("cancel, complete and takeover at once", rounds)
    return outcomes
