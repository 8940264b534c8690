"""Every verb of the command line, by noun; importing a module adds its verbs in the order of the manual."""

# Imported for what each adds to the app, in the order in which --help shows them.
# ruff: noqa: F401, I001
from commands import (
    home,
    deliveries,
    knowledge,
    learning,
    frame,
    capacity,
    lists,
    service,
    accounts,
    serve,
    demo,
)
