"""Column types that SQLAlchemy does not bring."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, TypeAdapter
from sqlalchemy import Dialect
from sqlalchemy.types import Text, TypeDecorator


class ValidatedJson(TypeDecorator[Any]):
    """A JSON text that holds a value of one pydantic type, validated both ways."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind
        self._adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return the text to be stored; raises ValidationError for what the type refuses."""
        if value is None:
            return None
        if not isinstance(value, BaseModel):
            value = self._adapter.validate_python(value)
        return self._adapter.dump_json(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Return the stored value; raises ValidationError where another program wrote nonsense."""
        return None if value is None else self._adapter.validate_json(value)
