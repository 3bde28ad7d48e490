"""Alembic migrations, shipped with the program and run when an older database is opened."""
