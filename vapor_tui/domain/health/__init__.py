"""The watch over a run: what is wrong with it, since when, and what to do about it."""
