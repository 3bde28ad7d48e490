"""A person's own keys, from the first frame on; `keymap` says what they come to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from textual.app import App

from vapor_tui.ui.messages import KeysKnown


class OwnKeys:
    """Binds keys to the actions of these ids, as far as what has them is imported.

    Nothing is imported where a person has none.
    """

    def __init__(self, app: App[Any], wanted: Mapping[str, str]) -> None:
        """Raises ConfigError for what is no key, and for an id that nothing has."""
        self._app = app
        self._wanted = wanted
        if wanted:
            from vapor_tui.ui.keymap import check_keys

            check_keys(wanted)

    def bind_known(self) -> None:
        """Let them apply to what is imported so far."""
        if self._wanted:
            from vapor_tui.ui.keymap import keymap

            self._app.set_keymap(dict(keymap(self._wanted).keys))

    async def read_all(self) -> None:
        """Import every screen, which is slow, and tell the app what they mean on each."""
        if self._wanted:
            from vapor_tui.ui.keymap import import_screens, keymap

            await asyncio.to_thread(import_screens)
            self._app.post_message(KeysKnown(keymap(self._wanted)))

    def take(self, message: KeysKnown) -> None:
        """Let them apply everywhere, and warn of keys that mean two things now."""
        self._app.set_keymap(dict(message.keymap.keys))
        for clash in message.keymap.clashes:
            self._app.notify(f"Two meanings of {clash}", severity="warning", markup=False)
