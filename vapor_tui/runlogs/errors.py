"""What can be wrong with the log of a run, in a sentence for a person."""

from __future__ import annotations


class RunLogError(Exception):
    """It cannot be read as the log of a run; the message says why and what could be done."""


class RunLogGoneError(RunLogError):
    """What was followed is not there any more."""
