"""From the landing zone to accepted events, the quarantine and the ledger."""
