"""The first thing to try: a small simulated fine-tune of the dataset that is shipped."""

from __future__ import annotations

from vapor_tui import paths
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.services.datasets import add_dataset
from vapor_tui.services.jobs import Simulation, create_job
from vapor_tui.services.workspace import Workspace

NAME = "rehearsal"
PRESET = "fast"
SPEED = "30s"


def rehearse(workspace: Workspace) -> Result[Job]:
    """Register the sample dataset, if it is not yet, and queue a simulated job on it."""
    match add_dataset(workspace, paths.sample_dataset(), keep_invalid=False):
        case Refused() as refused:
            return refused
        case Ok(dataset):
            return create_job(
                workspace,
                {"name": NAME, "preset": PRESET},
                dataset.id,
                simulation=Simulation(speed=SPEED),
            )
