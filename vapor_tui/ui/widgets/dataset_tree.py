"""A tree of folders and the dataset files in them, to choose one from."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual import on, work
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from vapor_tui.domain.text import printable
from vapor_tui.own_thread import in_own_thread
from vapor_tui.ui.widgets.path_completion import PathCandidate, dataset_entries

_UP = ".."


class DatasetTree(Tree[str]):
    """Starts in the current folder; its first entry goes to the one above.

    Textual's own tree of folders shows their names as they are and asks the disk for each of
    them on the event loop, where a slow one would stop everything.
    """

    ICON_NODE = "▸ "
    ICON_NODE_EXPANDED = "▾ "
    DEFAULT_CSS = """
    DatasetTree {
        width: 1fr;
        height: 1fr;
        min-width: 12;
        background: transparent;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
    }
    """

    @dataclass
    class Chosen(Message):
        """A file was chosen."""

        path: str

    @dataclass
    class FolderRead(Message):
        """What is in a folder of the tree."""

        node: TreeNode[str]
        entries: Sequence[PathCandidate]

    def __init__(self) -> None:
        folder = os.path.abspath(os.curdir)
        super().__init__(_folder_label(folder), data=folder)
        self.guide_depth = 2
        self._listing: asyncio.Future[list[PathCandidate]] | None = None

    def on_mount(self) -> None:
        self.root.expand()

    @on(Tree.NodeExpanded)
    def _expanded(self, event: Tree.NodeExpanded[str]) -> None:
        event.stop()
        if not event.node.children:
            self._read(event.node)

    @work(group="folders")
    async def _read(self, node: TreeNode[str]) -> None:
        # One folder at a time: a disk that does not answer holds one thread, not many.
        while self._listing is not None and not self._listing.done():
            await asyncio.wait([self._listing])
        self._listing = in_own_thread(dataset_entries, node.data or os.curdir)
        self.post_message(self.FolderRead(node, await asyncio.shield(self._listing)))

    @on(FolderRead)
    def _fill(self, message: FolderRead) -> None:
        node = message.node
        node.remove_children()
        if node is self.root:
            node.add_leaf(_label(_UP), data=_UP)
        for entry in message.entries:
            if entry.is_folder:
                node.add(_label(entry.name.removesuffix("/")), data=entry.text)
            else:
                node.add_leaf(_label(entry.name, entry.facts), data=entry.text)

    @on(Tree.NodeSelected)
    def _selected(self, event: Tree.NodeSelected[str]) -> None:
        event.stop()
        path = event.node.data
        if path == _UP:
            self._go_up()
        elif path is not None and not event.node.allow_expand:
            self.post_message(self.Chosen(path))

    def _go_up(self) -> None:
        folder = os.path.dirname(self.root.data or os.curdir)
        self.reset(_folder_label(folder), folder)
        self.root.expand()
        self.cursor_line = 0
        self._read(self.root)


def _folder_label(folder: str) -> Text:
    """Return what the root is called: of a long path the end would be cut off."""
    return _label(os.path.basename(folder) or folder)


def _label(name: str, facts: str = "") -> Text:
    """Return a name without markup, and without anything that a terminal obeys."""
    text = Text(printable(name))
    if facts:
        text.append(f"  {facts}", "dim")
    return text
