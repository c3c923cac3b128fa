"""The HTTP API: one POST per command, problem+json, OpenAPI 3.1."""
