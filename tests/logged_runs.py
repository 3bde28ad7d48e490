"""Logs of runs as other programs write them, made small, and what was read of them."""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from vapor_tui.domain.metrics import VALUE_COLUMNS, Void
from vapor_tui.domain.sources import RunFacts
from vapor_tui.runlogs import Reading, Source
from vapor_tui.runlogs.crc32c import crc32c, masked

Table = dict[int, dict[str, float]]
"""Metrics and epoch by step."""


def loss_at(step: int) -> float:
    return round(0.5 + 2.0 * math.exp(-step / 40), 4)


def history(steps: Sequence[int], per_epoch: int = 100) -> list[dict[str, Any]]:
    """Return what the Trainer logs, with an evaluation at the end of each epoch."""
    entries: list[dict[str, Any]] = []
    for step in steps:
        epoch = step / per_epoch
        entries.append(
            {
                "epoch": epoch,
                "grad_norm": round(1.0 + 1 / step, 4),
                "learning_rate": 1e-4,
                "loss": loss_at(step),
                "step": step,
            }
        )
        if step % per_epoch == 0:
            entries.append({"epoch": epoch, "eval_loss": loss_at(step) + 0.1, "step": step})
    return entries


def trainer_state(entries: Sequence[Mapping[str, Any]], **header: Any) -> str:
    """Return a trainer_state.json as the Trainer writes it."""
    state = {
        "best_metric": None,
        "epoch": entries[-1]["epoch"] if entries else 0,
        "global_step": entries[-1]["step"] if entries else 0,
        "log_history": list(entries),
        "logging_steps": 10,
        "max_steps": 300,
        "num_train_epochs": 3,
        "train_batch_size": 4,
        **header,
    }
    return json.dumps(state, indent=2, sort_keys=True) + "\n"


def json_lines(entries: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in entries)


def csv_table(entries: Sequence[Mapping[str, Any]]) -> str:
    names = ("step", "epoch", "loss", "learning_rate", "grad_norm", "eval_loss")
    lines = [",".join(str(entry.get(name, "")) for name in names) for entry in entries]
    return "\n".join([",".join(names), *lines]) + "\n"


def trainer_log(steps: Sequence[int], total: int = 300) -> str:
    """Return a trainer_log.jsonl as LLaMA-Factory writes it."""
    return json_lines(
        [
            {
                "current_steps": step,
                "total_steps": total,
                "loss": loss_at(step),
                "lr": 1e-4,
                "epoch": step / 100,
                "percentage": round(100 * step / total, 2),
                "elapsed_time": f"0:{step // 60:02}:{step % 60:02}",
                "remaining_time": "0:04:00",
            }
            for step in steps
        ]
    )


def bar(step: int, total: int = 300) -> str:
    """Return the bar of the training as tqdm draws it, over what stood there."""
    share = 100 * step // total
    return (
        f"\r{share:3}%|{'█' * (share // 10):10}| {step}/{total} [00:{step % 60:02}<04:00,  1.2it/s]"
    )


def captured_output(
    entries: Sequence[Mapping[str, Any]], total: int = 300, *, as_strings: bool = False
) -> str:
    """Return what the Trainer prints: bars, and its dictionaries between them."""
    text = ["Loading checkpoint shards: 100%|██████████| 2/2 [00:01<00:00,  1.9it/s]\n", bar(0)]
    drawn = 0
    for entry in entries:
        for step in range(drawn + 1, entry["step"] + 1):
            text.append(bar(step, total))
        drawn = entry["step"]
        if "eval_loss" in entry:
            text += ["\n", "\r  0%|          | 0/25 [00:00<?, ?it/s]\x1b[A\n"]
            text.append("\r 60%|██████    | 15/25 [00:01<00:00, 15.1it/s]\x1b[A")
        values = {k: v for k, v in entry.items() if k != "step"}
        shown = {k: str(v) for k, v in values.items()} if as_strings else values
        text += [f"\r{' ' * 60}\r{shown}\n", bar(entry["step"], total)]
    return "".join(text)


def frame(data: bytes) -> bytes:
    """Return a record of an event file."""
    length = struct.pack("<Q", len(data))
    checksums = (struct.pack("<I", masked(crc32c(part))) for part in (length, data))
    return length + next(checksums) + data + next(checksums)


def event(
    step: int, scalars: Mapping[str, float], at: float = 1.7e9, *, as_tensor: bool = False
) -> bytes:
    """Return the record of an event with scalars; `as_tensor` as TensorFlow 2 writes them."""
    summary = b"".join(_bytes(1, _value(tag, v, as_tensor)) for tag, v in scalars.items())
    return frame(b"\x09" + struct.pack("<d", at) + b"\x10" + _varint(step) + _bytes(5, summary))


def event_file(entries: Sequence[Mapping[str, Any]], *, as_tensor: bool = False) -> bytes:
    """Return an event file as the Trainer's callback writes it: an event for each scalar."""
    tags = {"eval_loss": "eval/loss"}
    data = frame(b"\x09" + struct.pack("<d", 1.7e9) + _bytes(3, b"brain.Event:2"))
    for entry in entries:
        for name, value in entry.items():
            if name != "step":
                tag = tags.get(name, f"train/{name}")
                at = 1.7e9 + entry["step"]
                data += event(entry["step"], {tag: value}, at, as_tensor=as_tensor)
    return data


def _value(tag: str, value: float, as_tensor: bool) -> bytes:
    if not as_tensor:
        return _bytes(1, tag.encode()) + b"\x15" + struct.pack("<f", value)
    tensor = b"\x08\x01" + _bytes(4, struct.pack("<f", value))
    return _bytes(1, tag.encode()) + _bytes(8, tensor)


def _bytes(field: int, content: bytes) -> bytes:
    return bytes((field << 3 | 2,)) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def take(table: Table, reading: Reading) -> None:
    """Store a reading as the database does: later values win, what is missing stays."""
    if reading.is_anew:
        table.clear()
    for block in reading.blocks:
        if isinstance(block, Void):
            for step in [step for step in table if step >= block.since]:
                del table[step]
            continue
        steps = block.step.tolist()
        assert all(a < b for a, b in pairwise(steps)), "steps rise in a block"
        for place, step in enumerate(steps):
            row = table.setdefault(step, {})
            row["epoch"] = float(block.epoch[place])
            for name in VALUE_COLUMNS:
                column = block.measured(name)
                if column is not None and (value := column[place]) is not None:
                    row[name] = value


def read_all(source: Source, table: Table | None = None) -> tuple[Table, RunFacts]:
    """Read until there is nothing more."""
    table = {} if table is None else table
    for _ in range(100_000):
        reading = source.read()
        take(table, reading)
        if not reading.has_more:
            return table, reading.state.facts
    raise AssertionError("the reading does not end")


def expected(entries: Sequence[Mapping[str, Any]]) -> Table:
    """Return the table of what was logged."""
    table: Table = {}
    for entry in entries:
        table.setdefault(entry["step"], {}).update(
            {name: float(value) for name, value in entry.items() if name != "step"}
        )
    return table


def written(path: Path, content: str | bytes, seconds_ago: float = 60) -> Path:
    """Write a file that nobody has written to for a while."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    moment = path.stat().st_mtime - seconds_ago
    os.utime(path, (moment, moment))
    return path
