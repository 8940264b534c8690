"""The operational store: tables, migrations, transactions."""

from serving.store.engine import Reading, Store, Writing

__all__ = ["Reading", "Store", "Writing"]
