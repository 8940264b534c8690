"""`doctor` and `month`: whether this home can work, and a month's work in one go."""

from __future__ import annotations

from commands.desk import Answer, Desk, verb

STEPS = ("ingest", "snapshot", "publish", "issue")


@verb()
def doctor(desk: Desk) -> Answer:
    """Check what a month needs: home and key, facts, catalogue, parameters, rules, store, champion, publication."""
    from commands.checkup import examine
    from commands.documents.service import DoctorDocument

    checks = examine(desk.home_path)
    return DoctorDocument.model_validate({"ready": all(c["ok"] for c in checks), "checks": checks})
