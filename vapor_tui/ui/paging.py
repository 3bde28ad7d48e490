"""Pages of lists, whatever is listed."""

from __future__ import annotations

from typing import Protocol


class Page(Protocol):
    """What a page of any list knows of its place in it."""

    @property
    def page(self) -> int:
        """Its number, from 1 on."""

    @property
    def total(self) -> int:
        """How many rows there are on all pages."""

    @property
    def total_pages(self) -> int: ...


def place_text(page: Page, noun: str) -> str:
    """Return which page it is and how many there are of what: "page 2 of 4, 38 jobs"."""
    rows = f"1 {noun}" if page.total == 1 else f"{page.total:,} {noun}s"
    return f"page {page.page} of {page.total_pages}, {rows}" if page.total_pages > 1 else rows
