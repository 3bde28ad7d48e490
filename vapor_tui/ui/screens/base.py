"""What every screen of the app has: a header, its body, the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from vapor_tui.ui.clipboard import copy_command
from vapor_tui.ui.screens.finishing import FinishingScreen, ResultT
from vapor_tui.ui.sight import is_seen
from vapor_tui.ui.widgets.header import HeaderLine
from vapor_tui.ui.widgets.key_line import ALWAYS, KeyLine

if TYPE_CHECKING:
    from vapor_tui.ui.app import VaporApp
    from vapor_tui.ui.exporting import Export


class VaporScreen(FinishingScreen[ResultT]):
    """A full screen. Subclasses say where they are and compose what lies between."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "q,escape",
            "leave",
            "back",
            id="screen.leave",
            tooltip="Go back to the screen before; on the first one, quit",
            group=ALWAYS,
        ),
        Binding(
            "x",
            "export",
            "export…",
            id="screen.export",
            tooltip="Write the table or the curve, or a picture of this screen, into a file",
            show=False,
        ),
        Binding(
            "f4",
            "copy_command",
            "copy as command",
            id="screen.copy_command",
            tooltip="Copy the command that prints this in a shell",
            show=False,
        ),
    ]

    @property
    def vapor(self) -> VaporApp:
        """The app, with what it shares."""
        return cast("VaporApp", self.app)

    @property
    def is_seen(self) -> bool:
        """Whether what changes here can be seen."""
        return is_seen(self)

    @property
    def crumbs(self) -> tuple[str, ...]:
        """Where this screen is, from the outside in."""
        return ()

    @property
    def exports(self) -> Sequence[Export]:
        """What of this screen can be written into a file, apart from its picture."""
        from vapor_tui.ui.exporting import HasTable, table_exports

        return table_exports(self) if isinstance(self, HasTable) else ()

    @property
    def command_words(self) -> Sequence[str]:
        """What stands after `vapor-tui` in the command that prints what is shown here."""
        return ()

    def compose(self) -> ComposeResult:
        yield HeaderLine(*self.crumbs)
        yield from self.compose_body()
        yield KeyLine()

    def compose_body(self) -> ComposeResult:
        """Yield what stands between the header and the keys."""
        yield from ()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "export":
                return bool(self.exports)
            case "copy_command":
                return bool(self.command_words)
        return super().check_action(action, parameters)

    def action_export(self) -> None:
        from vapor_tui.ui.exporting import picture_export
        from vapor_tui.ui.screens.export import ExportScreen

        def chosen(export: Export | None) -> None:
            if export is not None:
                self.export(export)

        self.app.push_screen(ExportScreen([*self.exports, picture_export(self)]), chosen)

    def export(self, export: Export) -> None:
        """Write a file, once this screen is in front again."""
        self.call_after_refresh(self._write, export)

    @work(group="export")
    async def _write(self, export: Export) -> None:
        from vapor_tui.ui.exporting import run_export

        await run_export(self.vapor, export)

    def action_copy_command(self) -> None:
        copy_command(self.vapor, *self.command_words)

    def action_leave(self) -> None:
        self.finish()
