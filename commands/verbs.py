"""Every verb of the command line, by noun; importing a module adds its verbs in the order of the manual."""

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
)  # noqa: F401, I001
