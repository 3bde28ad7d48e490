"""Plan, start and watch fine-tunes of language models from a terminal."""

__version__ = "0.1.0"
