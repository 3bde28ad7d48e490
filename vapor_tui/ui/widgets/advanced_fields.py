"""The fields that seldom need a change, closed at first and made when they are opened."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.widgets import Collapsible

from vapor_tui.ui.widgets.form_field import FormField
from vapor_tui.ui.widgets.signs import sign


class AdvancedFields(Collapsible):
    """Mounting half of the form later lets the screen open sooner."""

    def __init__(self, fields: Sequence[FormField], *, ascii_only: bool) -> None:
        super().__init__(
            title=f"Advanced ({', '.join(field.label.lower() for field in fields)})",
            collapsed_symbol=sign("collapsed", ascii_only),
            expanded_symbol=sign("expanded", ascii_only),
        )
        self._waiting = fields

    async def reveal(self, field: FormField) -> None:
        """Open the section and go to one of its fields."""
        await self._fill()
        self.collapsed = False
        self.call_after_refresh(field.control.focus)

    @on(Collapsible.Expanded)
    async def _fill(self) -> None:
        fields, self._waiting = self._waiting, ()
        if fields:
            await self.query_one(Collapsible.Contents).mount_all(fields)
