"""What the field with the focus means, or in full what is wrong with it."""

from __future__ import annotations

from textual.widgets import Static

from vapor_tui.domain.text import printable
from vapor_tui.ui.widgets.form_field import FormField


class HelpLine(Static):
    """Stands in one place, so that nothing moves when the focus does."""

    DEFAULT_CSS = """
    HelpLine {
        height: 2;
        min-width: 10;
        color: $dim;
        text-overflow: ellipsis;
        &.-error { color: $error; }
        &.-warning { color: $warning; }
    }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def explain(self, field: FormField) -> None:
        """Show what is to be said of a field."""
        self.set_class(bool(field.error), "-error")
        self.set_class(bool(field.warning) and not field.error, "-warning")
        trouble = field.error or field.warning
        # The range stands beside the field unless a message has taken its place.
        accepts = f"Accepted: {field.accepts}" if trouble and field.accepts else ""
        hint = field.hint if field.hint not in (field.accepts, trouble) else ""
        parts = (trouble, "" if field.error else field.help_line, accepts or hint)
        self._put(". ".join(part.rstrip(".") for part in parts if part))

    def say(self, sentence: str) -> None:
        """Show a sentence of its own."""
        self.set_class(False, "-error", "-warning")
        self._put(sentence)

    def _put(self, text: str) -> None:
        # Its height is fixed: nothing has to be laid out again.
        self.update(printable(text), layout=False)
