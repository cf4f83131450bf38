"""What the pipeline produces, and how it is computed; one sub-package per table that it owns."""
