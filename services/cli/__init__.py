"""The command line: one module per noun, verbs as commands."""
