"""The composition root: when and how everything runs."""
