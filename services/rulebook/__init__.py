"""The rulebook told to people: read from its files, put in words, laid out, compared."""
