"""Logs that grow by lines: their framing, whatever stands in the lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Protocol

from pydantic import JsonValue

from vapor_tui.domain.sources import FileMark, LogFormat, RunFacts, SourceState
from vapor_tui.runlogs.ledger import Ledger
from vapor_tui.runlogs.reading import Reading
from vapor_tui.runlogs.tail import Tail

PIECE = 256 * 1024
"""Bytes of one reading: some ten milliseconds of work."""
LONGEST_LINE = 1024 * 1024
"""A longer line is left out."""
REST_SECONDS = 3.0
"""A last line without an end is believed once the file has not been written to for so long."""

_BOM = b"\xef\xbb\xbf"
_SKIPS = "skips"


class LineParser(Protocol):
    """Understands the lines of one format. Never raises for what stands in a line."""

    format: ClassVar[LogFormat]
    breaks: ClassVar[bytes]
    """The bytes that end a line."""

    def __init__(self, memory: dict[str, JsonValue]) -> None:
        """`memory` is what an earlier parser of the same log remembered."""
        ...

    def feed(self, line: str, ledger: Ledger) -> None:
        """Take one whole line."""
        ...

    def settle(self, ledger: Ledger) -> None:
        """Decide what was left open until the next line: there is none for the time being."""
        ...

    def memory(self) -> dict[str, JsonValue]:
        """Return what has to be known to go on behind the last line."""
        ...


class LineSource:
    """Reads a log by its whole lines; an unfinished last one waits until it is finished."""

    def __init__(
        self,
        path: Path,
        parser: type[LineParser],
        state: SourceState | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = path
        self._kind = parser
        self._clock = clock
        self._rested_at = -1
        """Size of the file when its unfinished last line was believed."""
        mark = state.files[0] if state and state.files else FileMark(name=path.name)
        self._tail = Tail(path, mark)
        self._begin(state)

    def _begin(self, state: SourceState | None) -> None:
        memory = dict(state.memory) if state else {}
        self._is_skipping = bool(memory.pop(_SKIPS, False))
        self._parser = self._kind(memory)
        self._ledger = Ledger(state.facts if state else RunFacts())

    def read(self) -> Reading:
        """Return what came since the last reading, `PIECE` bytes of it at the most."""
        is_anew = self._tail.look()
        if is_anew:
            self._begin(None)
        lines, consumed = self._whole_lines()
        for line in lines:
            self._parser.feed(line, self._ledger)
        self._tail.advance(consumed)
        has_more = bool(consumed) and self._tail.has_more
        if not has_more:
            self._believe_the_rest()
        return Reading(
            state=self._state(),
            blocks=tuple(self._ledger.take_blocks()),
            lines=tuple(self._ledger.take_lines()),
            is_anew=is_anew,
            has_more=has_more,
        )

    def _state(self) -> SourceState:
        memory = self._parser.memory()
        if self._is_skipping:
            memory[_SKIPS] = True
        return SourceState(
            format=self._kind.format,
            files=(self._tail.mark,),
            facts=self._ledger.facts.dated(self._tail.changed_at),
            memory=memory,
            changed_at=self._tail.changed_at,
        )

    def _whole_lines(self) -> tuple[list[str], bytes]:
        """Return the next whole lines, and the bytes that they and their ends take."""
        if not self._tail.has_more:
            return [], b""
        piece = self._tail.read(PIECE)
        end = self._last_break(piece)
        if end == 0 and len(piece) == PIECE:
            piece += self._tail.read(LONGEST_LINE - PIECE, ahead=PIECE)
            end = self._last_break(piece)
            if end == 0 and len(piece) == LONGEST_LINE:
                self._is_skipping = True
                return [], piece
        consumed = piece[:end]
        begin = 0
        if self._is_skipping and consumed:
            self._is_skipping = False
            begin = min(at for end in self._ends if (at := consumed.find(end)) >= 0) + 1
        return self._split(consumed[begin:]), consumed

    def _last_break(self, piece: bytes) -> int:
        """Return the place behind the last line's end, 0 when there is none."""
        return max(piece.rfind(end) for end in self._ends) + 1

    @property
    def _ends(self) -> list[bytes]:
        return [bytes((byte,)) for byte in self._kind.breaks]

    def _split(self, text: bytes) -> list[str]:
        if self._tail.offset == 0:
            text = text.removeprefix(_BOM)
        for other in self._ends[1:]:
            text = text.replace(other, b"\n")
        return [line.decode("utf-8", "replace").rstrip("\r") for line in text.split(b"\n") if line]

    def _believe_the_rest(self) -> None:
        """Take a last line that nothing has ended and that nobody is writing any more.

        The offset stays before it: should it be finished after all, it is read again as it is
        then. Many programs end the last line of a file with nothing.
        """
        tail = self._tail
        is_at_rest = self._clock() - tail.changed_at.timestamp() > REST_SECONDS
        if tail.size == self._rested_at or not is_at_rest or self._is_skipping:
            return
        self._rested_at = tail.size
        parser = self._kind(self._parser.memory())
        rest = tail.read(PIECE) if tail.has_more else b""
        for line in self._split(rest) if len(rest) < PIECE else ():
            parser.feed(line, self._ledger)
        parser.settle(self._ledger)
