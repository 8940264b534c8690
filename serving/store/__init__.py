"""The operational store: tables, migrations, transactions."""

from sqlalchemy.exc import SQLAlchemyError as Unforeseen

from serving.store.engine import Reading, Store, Writing

# Unforeseen: what the database may raise that is put into no words of ours.
__all__ = ["Reading", "Store", "Unforeseen", "Writing"]
