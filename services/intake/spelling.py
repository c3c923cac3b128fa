"""Applications spelled as the documents that are read as them."""

from typing import Any

import msgspec

from domain.application import Application


def document_of(application: Application) -> dict[str, Any]:
    """Return the document of an application; what is not claimed is left out."""
    spelled: dict[str, Any] = _claimed(msgspec.to_builtins(application))
    return spelled


def _claimed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _claimed(inner) for key, inner in value.items() if inner is not None}
    return [_claimed(inner) for inner in value] if isinstance(value, list | tuple) else value
