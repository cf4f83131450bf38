"""What is healthy across releases, slices and days: statistics of many looks, without tables or wording."""
