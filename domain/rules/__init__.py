"""The scheme's rules: their types, how their data is read, chosen and applied."""
