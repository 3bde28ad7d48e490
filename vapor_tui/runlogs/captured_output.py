"""What the Hugging Face Trainer prints: dictionaries of metrics between its progress bars.

The dictionaries do not say their step. It comes from the bar of the training, which is drawn
again right behind each of them. Where a program's output was buffered, many of them come at once
behind bars that were drawn long after: they are then counted, and spread over the steps so far.
Where no bars were captured they are counted only.

A traceback that the training does not outlive is how the run has ended. Programs also log errors
that they have dealt with, and a run may be started again into the same file: what is trained
behind a traceback takes the end back.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pydantic import JsonValue

from vapor_tui.domain.sources import LogFormat, Outcome
from vapor_tui.runlogs import names
from vapor_tui.runlogs.ledger import Ledger

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_BAR = re.compile(r"^\s*(?:\d{1,3})%\|[^|]*\|\s*(\d{1,12})/(\d{1,12})\s*\[([\d:]{4,12})?")
"""A bar without a label, as that of the training is; those that load or map things have one."""
_ANY_BAR = re.compile(r"\d{1,3}%\|[^|]*\|\s*\S+/\S+\s*\[|\d+it \[\d\d:\d\d")
_RECORD = re.compile(r"\{\s*['\"](?:[^{}]*)\}")
_PAIR = re.compile(r"""['"]([\w/ .-]{1,80})['"]\s*:\s*(?:['"]([^'"]{0,80})['"]|([^,'"{}]{1,80}))""")
_TOTAL = re.compile(r"Total optimization steps = ([\d,]{1,25})(?![\d,]|\.\d)")
_EPOCHS = re.compile(r"Num Epochs = ([\d,]{1,25})(?![\d,]|\.\d)")
"""Whole numbers only: the first figures of one that is longer say something else."""
_BEGINS = "***** Running training *****"
_MOST_OPEN = 200
_RANK = r"(?:\[[\w ]{1,20}\]:\s?+)?+"
"""What launchers put before the lines of each of several processes."""
_TRACEBACK = re.compile(_RANK + r"Traceback \(most recent call last\)")
_OF_TRACEBACK = re.compile(_RANK + r"[\s│╭╰]")
"""A line between the head of a traceback and the error; rich draws a box around them."""
_ERROR = re.compile(_RANK + r"((?:\w+\.)*([A-Za-z_]\w*)(?::.*)?)\s*")
_OF_LAUNCHERS = ("ChildFailedError", "CalledProcessError")
"""Errors of a launcher that say only that what it has launched has ended in one."""
_INTERRUPT = "KeyboardInterrupt"
_HARMLESS = ("Exception ignored", "Exception in thread", "--- Logging error ---")
"""What stands before the traceback of an error that ends nothing."""
_BARS_OF_AN_END = 1
"""A bar that is closed is drawn once more, maybe with steps that had not been drawn before."""


def record_in(text: str) -> dict[str, str] | None:
    """Return the metrics printed in a line, values as text; None when there are none."""
    found = _RECORD.search(text)
    if found is None or not any(name in text for name in ("loss", "train_runtime")):
        return None
    pairs = {m[1]: (m[2] if m[2] is not None else m[3].strip()) for m in _PAIR.finditer(found[0])}
    is_ours = "train_runtime" in pairs or any(names.role_of(name) in names.LOSSES for name in pairs)
    return pairs if is_ours else None


class CapturedOutput:
    """Reads standard output, and standard error where both went into one file."""

    format: ClassVar[LogFormat] = LogFormat.OUTPUT
    breaks: ClassVar[bytes] = b"\n\r"

    def __init__(self, memory: dict[str, JsonValue]) -> None:
        remembered: dict[str, Any] = dict(memory)
        self._bar_step: int | None = remembered.get("bar_step")
        """Where the bar of the training stands; None while there is none."""
        self._bar_total: int = remembered.get("bar_total", 0)
        self._logged: int = remembered.get("logged", 0)
        """How many dictionaries with a training loss have got their step."""
        self._open: list[dict[str, str]] = list(remembered.get("open", []))
        """Dictionaries whose step is not known before the next bar."""
        self._is_in_traceback = bool(remembered.get("in_traceback"))
        self._is_harmless = bool(remembered.get("harmless"))
        """Whether the line before said that the next traceback ends nothing."""
        self._bars_since_error: int | None = remembered.get("bars_since_error")
        """How often the training has moved behind a traceback; None without one."""

    def memory(self) -> dict[str, JsonValue]:
        """Return how far the bar is, which records await their step, and what an error began."""
        open_records: list[JsonValue] = [dict(record) for record in self._open]
        return {
            "bar_step": self._bar_step,
            "bar_total": self._bar_total,
            "logged": self._logged,
            "open": open_records,
            "in_traceback": self._is_in_traceback,
            "harmless": self._is_harmless,
            "bars_since_error": self._bars_since_error,
        }

    def feed(self, line: str, ledger: Ledger) -> None:
        """Take a line as it was printed, with escape sequences; it may hold a bar and an error."""
        text = _ESCAPES.sub("", line)
        begun = _TRACEBACK.search(text)
        if begun is not None and _ANY_BAR.search(text[: begun.start()]):
            # Nothing ends the line of a bar when an error ends what it is drawn for.
            self._feed(text[: begun.start()], ledger)
            text = text[begun.start() :]
        self._feed(text, ledger)

    def _feed(self, text: str, ledger: Ledger) -> None:
        if (record := record_in(text)) is not None:
            self._take_record(record, ledger)
            return
        if (bar := _BAR.match(text)) is not None:
            self._take_bar(int(bar[1]), int(bar[2]), names.clock_seconds(bar[3]), ledger)
            return
        if _ANY_BAR.search(text) or not text.strip():
            return
        self._take_text(text, ledger)

    def settle(self, ledger: Ledger) -> None:
        """Give the records that await their step the one that the bar shows."""
        self._resolve(self._bar_step, ledger)

    def _take_record(self, record: dict[str, str], ledger: Ledger) -> None:
        if "train_runtime" in record:
            self._resolve(self._bar_step, ledger)
            self._goes_on(ledger)
            ledger.record(record)
            return
        if self._bar_step is None:
            self._goes_on(ledger)  # else the bar says: a buffer is printed behind the error
        self._open.append(record)
        if self._bar_step is None or len(self._open) > _MOST_OPEN:
            self._resolve(self._bar_step, ledger)

    def _take_bar(self, step: int, total: int, elapsed: float | None, ledger: Ledger) -> None:
        is_training = any(_is_of_training(record) for record in self._open)
        if not self._bar_total or is_training or (step == 0 and not self._logged):
            # The first bar is that of the training, and so is the one behind a training loss.
            self._bar_total = total
        if total != self._bar_total:
            return  # that of an evaluation
        if self._bar_step is not None and step < self._bar_step:
            self._logged = 0
            ledger.goes_on()
        if step != self._bar_step and self._bars_since_error is not None:
            self._bars_since_error += 1
            if self._bars_since_error > _BARS_OF_AN_END:
                self._goes_on(ledger)
        self._bar_step = step
        ledger.total(steps=total)
        ledger.ran(elapsed)
        self._resolve(step, ledger)

    def _take_text(self, text: str, ledger: Ledger) -> None:
        if _BEGINS in text:
            self._goes_on(ledger)
            self._resolve(self._bar_step, ledger)
            self._bar_step, self._bar_total, self._logged = None, 0, 0
            ledger.goes_on()
            ledger.announce()
        if found := _TOTAL.search(text):
            ledger.total(steps=names.whole(found[1].replace(",", "")) or 0)
        if found := _EPOCHS.search(text):
            ledger.total(epochs=names.whole(found[1].replace(",", "")) or 0)
        self._take_error(text, ledger)
        ledger.line(text.rstrip())

    def _take_error(self, text: str, ledger: Ledger) -> None:
        """Take note of the error that a traceback ends with."""
        if _TRACEBACK.search(text):
            if not self._is_harmless:
                self._is_in_traceback, self._bars_since_error = True, 0
        elif self._is_in_traceback and not _OF_TRACEBACK.match(text):
            error = _ERROR.fullmatch(text)  # another line is of another process, or in between
            if error is not None:
                self._is_in_traceback = False
                self._end_in(error[1], error[2], ledger)
        self._is_harmless = text.lstrip().startswith(_HARMLESS)

    def _end_in(self, error: str, kind: str, ledger: Ledger) -> None:
        if kind in _OF_LAUNCHERS and ledger.facts.outcome is not None:
            return
        ledger.end(Outcome.STOPPED if kind == _INTERRUPT else Outcome.FAILED, error)

    def _goes_on(self, ledger: Ledger) -> None:
        """Take back an end in an error: something was trained behind it."""
        if self._bars_since_error is not None:
            self._is_in_traceback, self._bars_since_error = False, None
            ledger.goes_on()

    def _resolve(self, step: int | None, ledger: Ledger) -> None:
        """Give the open dictionaries their steps, `step` being where the training is now."""
        records, self._open = self._open, []
        if not records:
            return
        training = sum(map(_is_of_training, records))
        if step is not None and training <= 1 and len(records) <= _WITH_EVALUATION:
            self._logged += training
            for record in records:
                ledger.record(record, step)
            return
        # Buffered, or without bars: they were logged every so many steps, so far as many as fit.
        every = max((step or 0) // max(self._logged + training, 1), 1)
        for record in records:
            self._logged += _is_of_training(record)
            ledger.record(record, max(self._logged, 1) * every)


_WITH_EVALUATION = 2
"""A training loss, and the evaluation of the same step."""


def _is_of_training(record: dict[str, str]) -> bool:
    return any(names.role_of(name) == "loss" for name in record)
