"""What goes wrong around a running service: a clear answer each, no stack trace, nothing half-written."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import httpx

from serving.store.engine import FILE
from serving.web.settings import Settings
from tests.serving.api.conftest import Start
from tests.serving.api.prepare import Prepared
from tests.serving.api.running import Running, in_a_process
from tests.serving.api.test_routes import NOWHERE, code

# Holds the store's only pen until its standard input ends.
HOLD = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
# Enough for no page of the store: a disk that is full.
NO_ROOM = 4096


def rows(home: Path) -> dict[str, int]:
    """How much the store holds, and that it is whole."""
    with sqlite3.connect(home / "store" / FILE) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        counted = {}
        for table, told in (("decisions", "decision_stored"), ("lists", "list_issued")):
            counted[table] = store.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            events = store.execute("SELECT count(*) FROM events WHERE kind = ?", (told,)).fetchone()[0]
            counted[told] = events
    return counted


@contextmanager
def pen_held(home: Path) -> Iterator[None]:
    """Another process writes meanwhile and does not come to an end."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home / "store" / FILE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == b"held\n"
        yield
    finally:
        holder.stdin.close()
        holder.wait(timeout=30)
        holder.stdout.close()


def test_a_locked_store(prepared: Prepared, own: Path, start: Start) -> None:
    service, household = start(own), prepared.unlisted[0]
    before = rows(own)
    with service.client() as client:
        with pen_held(own):
            began = time.monotonic()
            refused = client.post("/v1/decisions", json={"household": household})
            waited = time.monotonic() - began
            read = client.get("/v1/lists/latest")
            batch = client.post("/v1/decisions/batch", json={"households": prepared.unlisted[:50]})
        assert code(refused) == code(batch) == (503, "store_busy")
        assert waited < Settings().deadline
        assert read.status_code == 200, "who only reads waits for nobody"
        assert rows(own) == before
        assert client.post("/v1/decisions", json={"household": household}).status_code == 201


def test_a_full_disk(prepared: Prepared, own: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    households = prepared.unlisted[:20]
    before = rows(own)
    with in_a_process(own, prepared.token, log) as service, service.client() as client:
        assert client.get("/v1/lists/latest").status_code == 200
        assert service.process is not None
        _, most = resource.prlimit(service.process, resource.RLIMIT_FSIZE)
        resource.prlimit(service.process, resource.RLIMIT_FSIZE, (NO_ROOM, most))
        one = client.post("/v1/decisions", json={"household": households[0]})
        many = client.post("/v1/decisions/batch", json={"households": households})
        assert code(one) == code(many) == (503, "store_not_writable")
        assert client.get("/v1/lists/latest").status_code == 200
        # Room is made; nobody starts the service again.
        resource.prlimit(service.process, resource.RLIMIT_FSIZE, (most, most))
        assert rows(own) == before
        answer = client.post("/v1/decisions/batch", json={"households": households})
        assert (answer.status_code, answer.json()["errors"]) == (201, [])
    after = rows(own)
    assert after["decisions"] == before["decisions"] + 20
    assert after["decision_stored"] == before["decision_stored"] + 20
    assert "Traceback" not in log.read_text(encoding="utf-8")


def change_a_byte(home: Path) -> None:
    with sqlite3.connect(home / "store" / FILE) as store:
        folder = store.execute("SELECT folder FROM bundles").fetchone()[0]
    tables = home / "bundles" / folder / "tables.npz"
    content = bytearray(tables.read_bytes())
    content[len(content) // 2] ^= 1
    tables.write_bytes(bytes(content))


def test_a_bundle_with_a_changed_byte(prepared: Prepared, own: Path, start: Start) -> None:
    change_a_byte(own)
    before = rows(own)
    service = start(own)
    with service.client() as client:
        assert client.get("/livez").status_code == 200
        asked = client.get("/readyz")
        assert (asked.status_code, asked.json()["error"]["code"]) == (503, "bundle_damaged")
        refused = client.post("/v1/decisions", json={"household": prepared.unlisted[0]})
        assert code(refused) == (503, "not_ready")
    assert rows(own) == before


def test_a_byte_that_changes_while_the_service_runs_is_found_by_replay(
    prepared: Prepared, own: Path, start: Start
) -> None:
    service = start(own)
    decision = prepared.issued["lines"][0]["decision"]
    with service.client() as client:
        assert client.post(f"/v1/decisions/{decision}/replay").json()["equal"] is True
        change_a_byte(own)
        assert code(client.post(f"/v1/decisions/{decision}/replay")) == (409, "bundle_damaged")


def test_a_catalogue_that_is_not_the_models(prepared: Prepared, own: Path, start: Start) -> None:
    with sqlite3.connect(own / "store" / FILE) as store:
        store.execute("UPDATE bundles SET catalogue = ?", ("f" * 64,))
    service = start(own)
    household = prepared.unlisted[0]
    with service.client() as client:
        asked = client.get("/readyz")
        assert (asked.status_code, asked.json()["error"]["code"]) == (503, "catalogue_mismatch")
        refused = client.post("/v1/decisions", json={"household": household})
        batch = client.post("/v1/decisions/batch", json={"households": prepared.unlisted[:3]})
        assert code(refused) == code(batch) == (409, "catalogue_mismatch")
        # What is stored can be read all the same.
        assert client.get("/v1/lists/latest").json()["lines"] == prepared.issued["lines"]
        decision = prepared.issued["lines"][0]["decision"]
        assert client.get(f"/v1/decisions/{decision}").status_code == 200


def test_a_day_that_was_not_published(client: httpx.Client, prepared: Prepared) -> None:
    for day in ("2012-03-31", "2012-07-01", "0001-01-01", "9999-12-31"):
        asked = {"household": prepared.unlisted[0], "as_of": day}
        assert code(client.post("/v1/decisions", json=asked)) == (409, "not_published")


def most_memory(process: int) -> int:
    """The most that a process ever held, in bytes."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def test_a_body_of_a_hundred_megabytes(prepared: Prepared, own: Path) -> None:
    size, piece = 100 * 1024 * 1024, b" " * 65536
    sized = {"Content-Type": "application/json", "Content-Length": str(size)}
    in_pieces = {"Content-Type": "application/json"}
    with in_a_process(own, prepared.token) as service, service.client() as client:
        assert service.process is not None
        assert client.get("/v1/lists/latest").status_code == 200
        before = most_memory(service.process)
        for headers in (sized, in_pieces):
            pieces = (piece for _ in range(size // len(piece)))
            answer = client.post("/v1/decisions/batch", headers=headers, content=pieces)
            assert code(answer) == (413, "body_too_large")
        assert most_memory(service.process) - before < size // 5
        assert client.get("/v1/lists/latest").status_code == 200


def test_ten_thousand_households_in_a_batch(client: httpx.Client) -> None:
    names = [sha256(str(n).encode()).hexdigest() for n in range(10_000)]
    assert code(client.post("/v1/decisions/batch", json={"households": names})) == (422, "batch_too_large")
    answer = client.post("/v1/decisions/batch", json={"households": names[:1000]})
    assert answer.status_code == 200
    assert [e["household"] for e in answer.json()["errors"]] == names[:1000]
    same = client.post("/v1/decisions/batch", json={"households": [NOWHERE] * 1000}).json()
    assert (same["decisions"], len(same["errors"])) == ([], 1)


def test_two_workers_who_are_asked_the_same_at_once(prepared: Prepared, own: Path) -> None:
    households = prepared.unlisted[:100]
    before = rows(own)

    def ask(service: Running) -> dict[str, tuple[int, bytes]]:
        with service.client() as client:
            return {
                household: (
                    (answer := client.post("/v1/decisions", json={"household": household})).status_code,
                    answer.content,
                )
                for household in households
            }

    with (
        in_a_process(own, prepared.token) as one,
        in_a_process(own, prepared.token) as other,
        ThreadPoolExecutor(2) as pool,
    ):
        first, second = pool.map(ask, (one, other))
    for household in households:
        assert first[household][1] == second[household][1]
        assert sorted((first[household][0], second[household][0])) == [200, 201]
    after = rows(own)
    assert after["decisions"] - before["decisions"] == len(households)
    assert after["decision_stored"] - before["decision_stored"] == len(households)
