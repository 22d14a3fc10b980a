"""Launches replayed from the past: what each way of recommending would have found."""
