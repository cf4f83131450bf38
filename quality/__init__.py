"""What must be true of a table before anything that rests on it is published."""
