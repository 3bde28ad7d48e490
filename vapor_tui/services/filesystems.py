"""Tells on which kind of file system a path lies."""

from __future__ import annotations

import re
from pathlib import Path

NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "beegfs", "ceph", "fuse.sshfs", "9p"}
)
"""Kinds on which SQLite's locks cannot be trusted."""

_MOUNTS = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")


def file_system(path: Path, mounts: str) -> str | None:
    """Return the kind of file system that a path lies on, as "ext4".

    `mounts` is a text like that of /proc/self/mountinfo; None when no mount of it holds the path.
    """
    target = path.resolve()
    best: tuple[int, str] | None = None
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        parts, kinds = fields.split(), rest.split()
        if len(parts) < 5 or not kinds:
            continue
        point = Path(_OCTAL.sub(lambda found: chr(int(found[1], 8)), parts[4]))
        # Of two mounts on one place the later one is seen.
        if target.is_relative_to(point) and (best is None or len(point.parts) >= best[0]):
            best = (len(point.parts), kinds[0])
    return None if best is None else best[1]


def mount_table() -> str:
    """Return the mounts of this machine; "" where the system does not tell them."""
    try:
        return _MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
