"""Read models as pure folds: each module has VERSION, key(recorded) and fold(row, recorded).

Rows are named tuples, unlike all other values: a row is copied for each event that is folded into
it, and `dataclasses.replace` takes three times as long as a tuple's own copy.
"""
