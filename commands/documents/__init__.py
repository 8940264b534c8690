"""Every document that a verb prints with ``--json``: declared here once, checked whenever one is printed.

``docs/json.md`` is written from these models (``python -m commands.reference``). Keys may be added; a key
that stands here is not renamed or taken away without a decision under ``docs/decisions/``.
"""
