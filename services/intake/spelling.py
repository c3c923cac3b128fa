"""Applications spelled as the documents that are read as them."""

from typing import Any

import msgspec

from domain.application import Application


def document_of(application: Application) -> dict[str, Any]:
    """Return the document of an application; what is not claimed is left out."""
    spelled: dict[str, Any] = claimed(msgspec.to_builtins(application))
    return spelled


def claimed(value: Any) -> Any:
    """Return plain data without the nulls that stand for what is not claimed."""
    if isinstance(value, dict):
        return {key: claimed(inner) for key, inner in value.items() if inner is not None}
    return [claimed(inner) for inner in value] if isinstance(value, list | tuple) else value
