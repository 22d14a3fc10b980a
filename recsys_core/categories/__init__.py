"""What categories have in common: their products' words, their customers."""
