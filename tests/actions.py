"""Writes the table of all actions for docs/keys.md: `python -m tests.actions`."""

from __future__ import annotations

from collections.abc import Iterator

from textual.binding import Binding

from vapor_tui.ui.app import VaporApp
from vapor_tui.ui.keymap import import_screens
from vapor_tui.ui.screens.base import VaporScreen

COMMANDS = {
    "app.jobs": "jobs",
    "app.datasets": "datasets list",
    "app.notifications": "notifications",
    "app.help": "--help",
    "jobs.new": "submit",
    "jobs.attach": "attach, discover",
    "jobs.compare": "compare",
    "jobs.search": "jobs --search",
    "jobs.status": "jobs --status",
    "jobs.sort": "jobs --sort",
    "jobs.rehearse": "datasets add --sample, run",
    "job.pause": "pause",
    "job.resume": "resume",
    "job.retry": "retry",
    "job.stop": "cancel",
    "job.stop_after_epoch": "cancel --after-epoch",
    "job.fail": "fail",
    "job.delete": "delete",
    "job.clone": "clone",
    "job.rename": "rename",
    "job.tags": "tag",
    "job.note": "note",
    "monitor.compare": "compare",
    "monitor.log": "logs",
    "screen.export": "metrics, jobs --json, compare --csv",
    "dataset.add": "datasets add",
    "dataset.delete": "datasets delete",
    "dataset.train": "submit",
    "dataset.read_again": "datasets add",
    "datasets.sample": "datasets add --sample",
    "datasets.search": "datasets list --search",
    "datasets.sort": "datasets list --sort",
    "notifications.mark": "notifications read, unread",
    "notifications.mark_all": "notifications read --all",
    "notifications.filter": "notifications --unread",
    "configure.plans": "estimate --compare",
    "configure.start": "submit, run",
    "configure.save-preset": "presets save",
    "configure.sample": "datasets add --sample",
    "configure.add-dataset": "datasets add",
}
"""The command for each action that has one; the others only change what is shown."""

SPELLED = {
    "question_mark": "?",
    "number_sign": "#",
    "slash": "/",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "comma": ",",
    "full_stop": ".",
}
"""What keys are called on a keyboard."""


def actions() -> Iterator[Binding]:
    """Yield every action of the app and of its full screens once."""
    import_screens()
    seen: set[str] = set()
    for kind in (VaporApp, *_below(VaporScreen)):
        for binding in vars(kind).get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.id and binding.id not in seen:
                seen.add(binding.id)
                yield binding


def rows() -> Iterator[str]:
    """Yield a line of the table for each action that the command palette offers."""
    for binding in sorted(actions(), key=lambda action: action.id or ""):
        title = binding.description.strip("…").capitalize()
        if not title:
            continue
        keys = " ".join(f"`{SPELLED.get(key, key)}`" for key in binding.key.split(","))
        command = f"`{COMMANDS[binding.id]}`" if binding.id in COMMANDS else ""
        yield f"| `{binding.id}` | {keys} | {title} | {binding.tooltip} | {command} |"


def _below(kind: type) -> list[type]:
    found = [kind]
    for below in kind.__subclasses__():
        found += [each for each in _below(below) if each not in found]
    return found


if __name__ == "__main__":
    print("\n".join(rows()))
