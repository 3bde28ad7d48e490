"""What of a screen can be written into a file, and how it is written and told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from textual.app import App
from textual.screen import Screen

from vapor_tui.domain.text import printable

if TYPE_CHECKING:
    from vapor_tui.domain.results import Result
    from vapor_tui.services.export_files import ExportTable
    from vapor_tui.ui.app import VaporApp

_FONTS = re.compile(r"@font-face\s*\{[^}]*\}")


@runtime_checkable
class HasTable(Protocol):
    """A screen with a table: `x`, the palette and the dialog then offer it as CSV and JSON.

    A screen implements this one method and needs no more. It returns what the table is about,
    with the rows of every page in the order shown, and stored figures rather than shortened
    texts; None while there is nothing to export. It may ask the services for them:

        async def exported_table(self) -> ExportTable | None:
            return await self.vapor.ask(datasets_table)
    """

    async def exported_table(self) -> ExportTable | None: ...


@dataclass(frozen=True, slots=True)
class Export:
    """One way to export a screen."""

    title: str
    explanation: str
    write: Callable[[], Awaitable[Result[Path] | None]]
    """None when there is nothing to write, or what stands in the way is shown already."""


def table_exports(screen: HasTable) -> list[Export]:
    """Return the ways to export a screen's table."""
    return [
        Export(
            "Export this table as CSV",
            "All of its rows, for a spreadsheet",
            lambda: _write_table(screen, ".csv"),
        ),
        Export(
            "Export this table as JSON",
            "All of its rows, for a program",
            lambda: _write_table(screen, ".json"),
        ),
    ]


def picture_export(screen: Screen[Any]) -> Export:
    """Return the way to export what a screen looks like."""
    return Export(
        "Export this screen as SVG",
        "A picture of what is shown now",
        lambda: _write_picture(screen),
    )


async def run_export(app: VaporApp, export: Export) -> None:
    """Export, and tell where the file is or why there is none."""
    from vapor_tui.domain.results import Ok

    match await export.write():
        case None:
            app.notify("There is nothing to export", severity="warning")
        case Ok(path):
            text = printable(path)
            app.notify(text, title="Exported", markup=False)
        case refused:
            app.notify(printable(refused.error), severity="error", markup=False)


async def _write_table(screen: HasTable, suffix: str) -> Result[Path] | None:
    from vapor_tui.services import export_files

    table = await screen.exported_table()
    if table is None:
        return None
    pieces = export_files.table_csv if suffix == ".csv" else export_files.table_json
    return await asyncio.to_thread(
        export_files.save, Path(), f"vapor-{table.name}", suffix, pieces(table)
    )


async def _write_picture(screen: Screen[Any]) -> Result[Path]:
    from vapor_tui.services.export_files import save

    crumbs: Sequence[str] = getattr(screen, "crumbs", ()) or (screen.app.title,)
    name = "-".join(("vapor", *crumbs)).lower()
    return await asyncio.to_thread(save, Path(), name, ".svg", [picture_of(screen.app)])


def picture_of(app: App[Any]) -> str:
    """Return what is shown now as an SVG document that needs nothing else."""
    # The template would have a browser fetch a font from the network.
    picture = _FONTS.sub("", app.export_screenshot(title="vapor-tui"))
    # Browsers keep its spaces anyway; other programs that draw SVG do when they are told to.
    return picture.replace("<svg ", '<svg xml:space="preserve" ', 1)
