"""The documents that verbs alone print with ``--json``; what the service answers too stands with its noun in serving.

Each is declared once and checked whenever one is printed. ``docs/json.md`` is written from these models
(``python -m commands.reference``). Keys may be added; a key that stands here is not renamed or taken away
without a decision under ``docs/decisions/``.
"""
