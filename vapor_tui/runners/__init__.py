"""What drives a job: the Runner protocol and its implementations."""

from __future__ import annotations

from vapor_tui.domain.jobs import Engine

ENGINES = frozenset({Engine.SIMULATOR, Engine.EXTERNAL})
"""What this version of the program runs; jobs of other engines wait for one that does."""
