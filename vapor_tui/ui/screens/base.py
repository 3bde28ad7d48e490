"""What every screen of the app has: a header, its body, the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from vapor_tui.ui.sight import is_seen
from vapor_tui.ui.widgets.header import HeaderLine
from vapor_tui.ui.widgets.key_line import ALWAYS, KeyLine

if TYPE_CHECKING:
    from vapor_tui.ui.app import VaporApp

ResultT = TypeVar("ResultT")


class VaporScreen(Screen[ResultT]):
    """A full screen. Subclasses say where they are and compose what lies between."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "q",
            "leave",
            "back",
            id="screen.leave",
            tooltip="Go back to the screen before; on the first one, quit",
            group=ALWAYS,
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

    def compose(self) -> ComposeResult:
        yield HeaderLine(*self.crumbs)
        yield from self.compose_body()
        yield KeyLine()

    def compose_body(self) -> ComposeResult:
        """Yield what stands between the header and the keys."""
        yield from ()

    def action_leave(self) -> None:
        if self.is_active:
            self.dismiss()
