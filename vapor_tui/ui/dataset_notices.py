"""What the list of datasets says where there is nothing to list."""

from __future__ import annotations

from vapor_tui.domain.formats import count, file_size
from vapor_tui.ui.glyphs import percent
from vapor_tui.ui.readings import Reading
from vapor_tui.ui.widgets.message_panel import Choice, Notice

NONE_YET = Notice(
    "No datasets yet",
    choices=(
        Choice("n", "add a file", "JSONL, JSON or CSV: chats, instructions or plain text", "new"),
        Choice(
            "i",
            "take the sample dataset",
            "Support chats that come with the program, enough to rehearse with",
            "add_sample",
        ),
    ),
)

NO_MATCH = Notice(
    "No dataset matches", choices=(Choice("esc", "list all datasets again", "", "clear"),)
)


def reading_notice(reading: Reading) -> Notice:
    """Return what is said while the first file is read."""
    progress = reading.progress
    how_far = ""
    if progress is not None:
        read, total = file_size(progress.bytes_read), file_size(progress.bytes_total)
        records = count(progress.records)
        how_far = f"{percent(reading.share).strip()}, {read} of {total}, {records} records"
    stop = Choice("s", "stop the reading", "Nothing of it is stored", "stop")
    return Notice(f"Reading {reading.label}", how_far, (stop,))
