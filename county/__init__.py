"""The synthetic county: an instrument with a known truth, written as department extracts.

No figure measured on it says anything about accuracy on a real county; see ``docs/county.md``.
"""

from __future__ import annotations

from pathlib import Path

from county.course import Progress, live, stream
from county.deliveries import Sender
from county.departments import departments
from county.names import write_names
from county.setting import Calendar
from county.truth import write_truth
from features.home import Home

END = (2026, 9)


def write(
    home_or_folder: Home | Path | str,
    *,
    households: int = 6_000,
    months: int = 36,
    seed: int = 1,
    end: tuple[int, int] = END,
    progress: Progress | None = None,
) -> dict[str, str]:
    """Simulate a county and write its extracts, the names of its places and its truth; nothing is taken in.

    Parameters
    ----------
    home_or_folder : a home (extracts under its ``deliveries/<mapping id>/``), or any folder
    households : how many at the start
    months : months lived, up to ``end`` (year, month); a year of history is handed over before them
    seed : the same seed gives the same bytes
    progress : called with steps done, steps in all and a label

    Returns
    -------
    The two folders: ``deliveries`` and ``truth``.
    """
    if households < 1 or months < 1:
        raise ValueError("households and months are at least 1")
    if isinstance(home_or_folder, Home):
        root, deliveries = home_or_folder.path, home_or_folder.folder("deliveries")
        areas = home_or_folder.folder("areas")
    else:
        root = Path(home_or_folder)
        deliveries, areas = root / "deliveries", root / "areas"
    calendar = Calendar(months, end)
    offices = departments(months)
    steps = calendar.total + len(offices) + 1

    def lived(done: int, total: int, label: str) -> None:
        if progress:
            progress(done, steps, label)

    county = live(households, calendar, seed, lived)
    faults: list[dict[str, object]] = []
    files = 0
    for number, office in enumerate(offices):
        sender = Sender(county, office, deliveries / office.id, stream(seed, office.id))
        sender.send_all()
        faults += sender.faults
        files += sender.files
        if progress:
            progress(calendar.total + number + 1, steps, office.id)
    write_names(areas)
    write_truth(county, root / "truth", faults, seed, files)
    if progress:
        progress(steps, steps, "truth")
    return {"deliveries": str(deliveries), "truth": str(root / "truth")}
