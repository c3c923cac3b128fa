"""Applications as the documents that would be read as them."""

from typing import Any

import msgspec

from domain.application import Application


def document_of(application: Application) -> dict[str, Any]:
    """Return the document of an application; what is not claimed is left out."""
    pruned: dict[str, Any] = _pruned(msgspec.to_builtins(application))
    return pruned


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _pruned(inner) for key, inner in value.items() if inner is not None}
    return [_pruned(inner) for inner in value] if isinstance(value, list | tuple) else value
