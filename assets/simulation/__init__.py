"""A synthetic fleet whose upgrades, deliveries and planted incidents behave like real ones."""
