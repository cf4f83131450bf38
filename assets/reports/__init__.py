"""What people read: the page, the plain-text summary, the published files."""
