"""Smaller and faster products' sides: pruned, in 8 bits, or learned anew by a student."""
