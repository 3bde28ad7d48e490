"""A migration that has landed stays as it is: somebody's database has been through it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from vapor_tui.storage import upgrade

LANDED = {
    "0001_initial": "488250cd19cd7327",
    "0002_lifecycle": "fd9ba1c7fe7a1bf0",
    "0003_stretches": "01d669a042977341",
    "0004_deliveries": "c006952fe9dfd39d",
    "0005_attached": "c3d52af52bbd7dc8",
    "0006_rewritten": "cd1db855fd7dd65d",
    "0007_watched_again": "0f233dcc5f0f7734",
    "0008_indexed": "2aa513147d7156d2",
}
"""The beginning of each one's SHA-256; a new migration gets its line when it lands."""


def test_no_migration_is_changed_after_it_has_landed() -> None:
    folder = Path(upgrade.__file__).parent / "migrations" / "versions"
    found = {
        path.stem: hashlib.sha256(path.read_text(encoding="utf-8").encode()).hexdigest()[:16]
        for path in folder.glob("0*.py")
    }
    assert found == LANDED, "write a new migration instead, and add its line"
