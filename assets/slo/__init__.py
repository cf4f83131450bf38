"""Objectives, the counts of operations they ask for, and what those counts mean."""
