"""What each command may do to a case: one module for each part of a case's life."""
