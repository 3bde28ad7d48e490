"""How well colours can be told apart."""

from __future__ import annotations

from textual.color import Color


def contrast(front: str, back: str) -> float:
    """Return how well one colour stands out from another: 1 not at all, 4.5 enough for text.

    The ratio of the Web Content Accessibility Guidelines, 2.1.
    """
    lighter, darker = sorted((_luminance(front), _luminance(back)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in Color.parse(colour).normalized
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
