"""The screens. Nothing here is imported by the rest of the program."""
