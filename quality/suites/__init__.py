"""One module per table: the expectations it is held to."""
