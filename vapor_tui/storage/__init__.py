"""The database: tables, the engine, and one module of queries per table."""
