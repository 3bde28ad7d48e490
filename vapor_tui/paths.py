"""Where things lie: shipped data, the database, the person's own files, the log."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

import platformdirs

APP = "vapor-tui"
DATABASE_NAME = "vapor-tui.db"


def data_file(name: str) -> Path:
    """Return the path of a file that is shipped with the program, as "gpus.toml"."""
    here = Path(__file__).parent
    installed = here / "_data" / name
    # An editable install has no copy in the package; the files lie beside it.
    return installed if installed.exists() else here.parent / "data" / name


def sample_dataset() -> Path:
    """Return the path of the small dataset that is shipped with the program."""
    return data_file("samples/support-chats.jsonl")


def config_directory() -> Path:
    """Return the user's directory for configuration of this program; it may not exist."""
    return platformdirs.user_config_path(APP)


def config_file() -> Path:
    """Return the path of the person's preferences, whether the file is there or not."""
    return config_directory() / "config.toml"


def state_directory() -> Path:
    """Return the directory of the log."""
    return platformdirs.user_state_path(APP)


def default_database() -> Path:
    """Return where a person's own database lies; it may not exist."""
    return platformdirs.user_data_path(APP) / DATABASE_NAME


def owner() -> str:
    """Return the name under which this person's rows are kept: that of the OS user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        # A user id without a name, as in some containers, or no variable that tells it on Windows.
        return str(os.getuid()) if hasattr(os, "getuid") else "user"


def readable(text: str) -> Path | None:
    """Return the path that a person wrote, ~ resolved; None for one that cannot be anything."""
    try:
        path = Path(text).expanduser()
        path.exists()
    except (OSError, RuntimeError, ValueError):
        return None  # a home that is not there, a name that is too long, a NUL
    return path
