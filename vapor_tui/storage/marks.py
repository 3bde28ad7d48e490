"""What a database of this program is known by; imports nothing."""

from __future__ import annotations

APPLICATION_ID = 0x76617072  # "vapr"
SCHEMA_VERSION = 8
"""Number of the newest migration; kept in the file's user_version."""
