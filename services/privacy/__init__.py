"""What the office owes to people whose data it holds: that what was erased stays erased."""
