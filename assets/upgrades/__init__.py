"""From events to operations: one row per attempt to upgrade one resource."""
