"""Published snapshots: the copies that the service reads."""
