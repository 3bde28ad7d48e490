"""The simulated clock of a whole job: which position it has reached at which second."""

from __future__ import annotations

from dataclasses import replace

from vapor_tui.domain.estimate import (
    INITIALIZATION_SECONDS,
    SAVING_SECONDS,
    VALIDATION_SECONDS,
)
from vapor_tui.domain.lifecycle import Position, Stage
from vapor_tui.simulation.spec import SimulationSpec
from vapor_tui.simulation.throughput import throughput_of

_SHORTEST_STALL = 600.0
_STALL_SHARE = 0.25


class Timeline:
    """Stages on the simulated clock: initializing, training and validating per epoch, saving.

    Seconds are simulated ones since the job began and are what is billed. Nothing here changes
    with time: every answer follows from the arguments of the constructor.
    """

    def __init__(
        self,
        spec: SimulationSpec,
        *,
        seconds_per_step: float,
        initialization_seconds: float = INITIALIZATION_SECONDS,
        validation_seconds: float = VALIDATION_SECONDS,
        saving_seconds: float = SAVING_SECONDS,
    ) -> None:
        self.spec = spec
        self.seconds_per_step = seconds_per_step
        self.initialization_seconds = initialization_seconds
        self.validation_seconds = validation_seconds
        self.saving_seconds = saving_seconds
        self._throughput = throughput_of(spec)
        self._stalled_step = self._throughput.stalled_step
        # A stall is a quarter of the training or more, so that it shows at any pace.
        training = seconds_per_step * self._throughput.total
        self._stall_seconds = max(_SHORTEST_STALL, _STALL_SHARE * training)

    @property
    def epochs(self) -> int:
        """Epochs of the job."""
        return self.spec.epochs

    @property
    def total_seconds(self) -> float:
        """Simulated seconds of the whole job."""
        return self._start_of_saving + self.saving_seconds

    @property
    def _start_of_saving(self) -> float:
        return self._start_of_validating(self.epochs) + self.validation_seconds

    def _start_of_validating(self, epoch: int) -> float:
        return self._at_step(epoch, self.spec.epoch_end(epoch))

    def _at_step(self, epoch: int, step: int) -> float:
        trained = self.training_seconds(step)
        return self.initialization_seconds + (epoch - 1) * self.validation_seconds + trained

    def training_seconds(self, step: int) -> float:
        """Return the simulated seconds of training that steps 1 .. step take."""
        seconds = self.seconds_per_step * self._throughput.elapsed(step)
        if self._stalled_step is not None and step >= self._stalled_step:
            seconds += self._stall_seconds
        return seconds

    def seconds_at(self, position: Position) -> float:
        """Return the simulated seconds that a job has used when it stands there."""
        match position.stage:
            case Stage.QUEUED:
                return 0.0
            case Stage.INITIALIZING:
                return min(position.seconds, self.initialization_seconds)
            case Stage.TRAINING:
                return self._at_step(position.epoch, position.step)
            case Stage.VALIDATING:
                inside = min(position.seconds, self.validation_seconds)
                return self._start_of_validating(position.epoch) + inside
            case Stage.SAVING:
                return self._saving_begun(position) + min(position.seconds, self.saving_seconds)
            case Stage.COMPLETED:
                return self.total_seconds

    def stage_end(self, position: Position) -> float:
        """Return the simulated second at which the present stage ends."""
        match position.stage:
            case Stage.QUEUED:
                return 0.0
            case Stage.INITIALIZING:
                return self.initialization_seconds
            case Stage.TRAINING:
                return self._start_of_validating(position.epoch)
            case Stage.VALIDATING:
                return self._start_of_validating(position.epoch) + self.validation_seconds
            case Stage.SAVING:
                return self._saving_begun(position) + self.saving_seconds
            case Stage.COMPLETED:
                return self.total_seconds

    def _saving_begun(self, position: Position) -> float:
        """Return the simulated second at which saving began, after all steps or earlier."""
        if position.step >= self.spec.total_steps:
            return self._start_of_saving
        return self._at_step(position.epoch, position.step)

    def last_step_within(self, seconds: float) -> int:
        """Return the last step that is trained by a simulated second, 0 for none."""
        low, high = 0, self.spec.total_steps
        while low < high:
            middle = (low + high + 1) // 2
            epoch = -(-middle // self.spec.steps_per_epoch)
            if self._at_step(epoch, middle) <= seconds:
                low = middle
            else:
                high = middle - 1
        return low

    def next_stage(self, position: Position) -> Position:
        """Return the first position of the stage that follows; COMPLETED is followed by itself."""
        epoch, step = position.epoch, position.step
        match position.stage:
            case Stage.QUEUED:
                return Position(Stage.INITIALIZING)
            case Stage.INITIALIZING:
                return Position(Stage.TRAINING, epoch=1)
            case Stage.TRAINING:
                end = self.spec.epoch_end(epoch)
                return Position(Stage.VALIDATING, epoch=epoch, step=end)
            case Stage.VALIDATING if epoch < self.epochs:
                return Position(Stage.TRAINING, epoch=epoch + 1, step=step)
            case Stage.VALIDATING:
                return Position(Stage.SAVING, epoch=epoch, step=step)
            case Stage.SAVING | Stage.COMPLETED:
                return Position(Stage.COMPLETED, epoch=epoch, step=step)

    def advance(self, position: Position, until_seconds: float) -> Position:
        """Return how far a job has come by a simulated time, at most to the next stage's start.

        A caller who repeats the call until nothing changes sees every stage. A time that lies
        before the position changes nothing. Training is counted in whole steps.
        """
        if until_seconds >= self.stage_end(position):
            return self.next_stage(position)
        if position.stage is Stage.TRAINING:
            step = self._steps_within(position.epoch, until_seconds)
            return replace(position, step=max(position.step, step))
        begun = self.seconds_at(replace(position, seconds=0.0))
        return replace(position, seconds=max(position.seconds, until_seconds - begun))

    def _steps_within(self, epoch: int, until: float) -> int:
        """Return the last step of an epoch that is done by a simulated time."""
        spent = until - self._at_step(epoch, 0)
        stalled = self._stalled_step
        if stalled is not None and until >= self._at_step(epoch, stalled - 1):
            spent = max(spent - self._stall_seconds, self.training_seconds(stalled - 1))
        last = self.spec.epoch_end(epoch)
        if self.seconds_per_step <= 0:
            return last
        step = min(last, self._throughput.steps_within(spent / self.seconds_per_step))
        # What the division rounded away, so that a step counts exactly when its second has come.
        while step < last and self._at_step(epoch, step + 1) <= until:
            step += 1
        while step > 0 and self._at_step(epoch, step) > until:
            step -= 1
        return step
