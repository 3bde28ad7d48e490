"""Apps to compare with: `python -m tests.bench.peers bare|dashboard|plot`."""

from __future__ import annotations

import sys

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Static


class BareApp(App[None]):
    """The least that Textual can show, and show anew after a key."""

    def compose(self) -> ComposeResult:
        yield Static("Ready")

    def on_key(self, event: events.Key) -> None:
        self.query_one(Static).update(f"Ready {event.key}")


def dashboard() -> App[None]:
    """Return an app that imports everything a monitor of runs needs before it draws anything."""
    import alembic.command  # noqa: F401
    import numpy as np
    import sqlmodel  # noqa: F401
    import textual_plotext
    import typer  # noqa: F401
    from textual.widgets import DataTable, Footer, Header

    class Dashboard(App[None]):
        def compose(self) -> ComposeResult:
            yield Header()
            yield DataTable()
            yield textual_plotext.PlotextPlot()
            yield Footer()

        def on_mount(self) -> None:
            table = self.query_one(DataTable)
            table.add_columns("job", "status", "step", "loss")
            for number in range(40):
                table.add_row(f"job {number}", "running", str(number), "0.5")
            plot = self.query_one(textual_plotext.PlotextPlot)
            plot.plt.plot(np.linspace(2.5, 0.3, 200).tolist())

    return Dashboard()


def plotting() -> App[None]:
    """Return an app that draws 200 points again once a second, the whole widget."""
    import numpy as np
    import textual_plotext

    class Plotting(App[None]):
        def compose(self) -> ComposeResult:
            yield textual_plotext.PlotextPlot()

        def on_mount(self) -> None:
            self.shift = 0
            self.set_interval(1.0, self.draw)
            self.draw()

        def draw(self) -> None:
            self.shift += 1
            plot = self.query_one(textual_plotext.PlotextPlot)
            plot.plt.clear_data()
            plot.plt.title("Ready")
            losses = np.exp(-np.arange(200) / 40) + 0.05 * np.sin(np.arange(200) + self.shift)
            plot.plt.plot(losses.tolist(), marker="braille")
            plot.refresh()

    return Plotting()


def listing() -> App[None]:
    """Return an app with ten thousand rows in Textual's own table."""
    from textual.widgets import DataTable

    class Listing(App[None]):
        def compose(self) -> ComposeResult:
            yield Static("Ready")
            yield DataTable()

        def on_mount(self) -> None:
            self.call_after_refresh(self.fill)

        def fill(self) -> None:
            table = self.query_one(DataTable)
            table.add_columns("job", "status", "step", "loss")
            for number in range(10_000):
                table.add_row(f"job {number}", "running", str(number), "0.5")
            self.query_one(Static).update("Filled")

    return Listing()


APPS = {"bare": BareApp, "dashboard": dashboard, "plot": plotting, "list": listing}

if __name__ == "__main__":
    APPS[sys.argv[1]]().run()
