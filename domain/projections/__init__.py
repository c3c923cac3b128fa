"""Read models as pure folds: each module has VERSION, key(recorded) and fold(row, recorded)."""
