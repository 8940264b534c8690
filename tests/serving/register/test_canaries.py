"""A thousand households whose people cannot be confused with anything go the whole way, and leave no trace.

From their departments' extracts to a list, a decision and the pages of a running service; then every byte that was
written, printed, logged or answered is searched for their names, identity numbers and telephones.
"""

from __future__ import annotations

import csv
import html
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from county import write
from features.facts.store import FactStore
from features.home import Home
from serving.scope import scope_of
from serving.store import Store
from tests.commands.front_door import fangpin
from tests.house.tree import ROOT
from tests.serving.register.canaries import Canary, Search, plant, written

pytestmark = pytest.mark.slow

HOUSEHOLDS, MONTHS, AS_OF = 1000, 12, "2026-09-30"


@dataclass
class Way:
    """The home at the end of the way, who went it, and what was said on it."""

    home: Home
    temporary: Path
    canaries: list[Canary]
    # Everything that commands and the service printed.
    said: list[tuple[str, bytes]] = field(default_factory=list)
    # Every address that was asked or offered, and every answer but those that were asked to name somebody.
    addresses: set[str] = field(default_factory=set)
    answers: list[tuple[str, bytes]] = field(default_factory=list)
    journal: list[bytes] = field(default_factory=list)
    # Full names that were told on purpose: how many answers held the one that was asked for.
    told: int = 0

    def run(self, *argv: str, code: int = 0) -> str:
        """Run a verb in a process of its own."""
        ran = subprocess.run(
            [sys.executable, str(ROOT / "fangpin.py"), *argv, "--home", str(self.home.path)],
            capture_output=True,
            env=self.environment,
            timeout=300,
        )
        self.said.append((argv[0], ran.stdout + ran.stderr))
        assert ran.returncode == code, ran.stderr.decode()[-2000:]
        return ran.stdout.decode()

    def run_here(self, *argv: str, code: int | None = 0) -> str:
        """The same in this process: faster, for many short ones."""
        ran = fangpin(*argv, home=self.home.path)
        self.said.append((" ".join(argv[:2]), (ran.out + ran.err).encode()))
        assert ran.code == code or (code is None and ran.code > 1), ran.err[-2000:]
        return ran.out

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "TMPDIR": str(self.temporary), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Way:
    folder = tmp_path_factory.mktemp("canaries")
    home = Home.create(folder / "home", clock="simulated")
    write(home, households=HOUSEHOLDS, months=MONTHS, seed=11)
    (folder / "tmp").mkdir()
    way = Way(home, folder / "tmp", plant(home.folder("deliveries")))
    _spoil(home, way.canaries)
    _on_the_command_line(way)
    with _served(way) as client:
        _in_the_browser(way, client)
        _by_programs(way, client)
        # The store's journal is gone once the service has stopped.
        way.journal += [path.read_bytes() for path in sorted(home.folder("store").glob("*.sqlite-*"))]
    return way


def _spoil(home: Home, canaries: list[Canary]) -> None:
    """Files whose rows, or which as a whole, must be set aside: what is wrong is said without saying whose it is."""
    folder = home.folder("deliveries") / "county_persons"
    header = (
        (folder / sorted(p.name for p in folder.iterdir())[0]).read_bytes().split(b"\n")[0].decode("gb18030")
    )
    columns = header.split(",")
    rows = []
    for canary in canaries[:20]:
        cells = dict.fromkeys(columns, "")
        cells |= {
            "姓名": canary.name,
            "证件号码": canary.identity,
            "数据月份": "202613",
            "报送日期": "20261008",
        }
        rows.append(",".join(cells.values()))
    text = "\n".join([header, *rows, ""]).encode("gb18030")
    (folder / "county_persons_20991231.csv").write_bytes(text)
    names = "\n".join(f"{canary.name},{canary.identity}" for canary in canaries[:200])
    (home.path.parent / "no_such_table.csv").write_text(f"姓名,证件号码\n{names}\n", encoding="utf-8")


def _on_the_command_line(way: Way) -> None:
    one = way.canaries[0]
    way.run("ingest", "--json", code=0)
    way.run("ingest", str(way.home.path.parent / "no_such_table.csv"), "--mapping", "county_persons", code=3)
    snapshot = json.loads(way.run("snapshot", "--as-of", AS_OF, "--json"))["snapshot"]
    way.run_here("publish", snapshot, "--json")
    bundle = json.loads(way.run("train", "--until", AS_OF, "--threads", "1", "--json"))["bundle"]
    way.run_here("promote", bundle, "--by", "Li Na", "--reason", "first model", "--overrule", "--json")
    listed = json.loads(way.run_here("issue", "--area", "/", "--period", "2026-10", "--json"))
    way.run_here("list", "latest", "--csv", str(way.temporary / "list.csv"))
    way.run_here("decide", listed["lines"][0]["household"], "--json")
    way.run_here("household", listed["lines"][0]["household"], "--as-of", AS_OF)
    # Where a household, a decision, a list or an account is asked for, somebody's name or number may be typed;
    # it is not echoed. (What names a snapshot, a bundle, a day or a file is: nobody types a person there.)
    for garbage in one.texts():
        for argv in (
            ("decide", garbage),
            ("household", garbage, "--as-of", AS_OF),
            ("household", "--key", garbage, "--as-of", AS_OF),
            ("list", garbage),
            ("replay", garbage),
            ("user", "disable", garbage),
        ):
            way.run_here(*argv, code=None)
    way.run_here("replay", "--all", "--json")
    way.run("doctor")


@contextmanager
def _served(way: Way) -> Iterator[httpx.Client]:
    """The service in a process of its own, as operators start it; what it logs is kept."""
    log = way.temporary / "serve.log"
    with log.open("wb") as said:
        service = subprocess.Popen(
            [
                sys.executable,
                str(ROOT / "fangpin.py"),
                "serve",
                "--port",
                "0",
                "--visitor",
                "--home",
                str(way.home.path),
            ],
            stdout=said,
            stderr=said,
            env=way.environment,
        )
    try:
        until = time.monotonic() + 60
        while not (found := re.search(rb"http://127.0.0.1:\d+", log.read_bytes())):
            assert service.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        with httpx.Client(base_url=found[0].decode(), timeout=60, follow_redirects=True) as client:
            yield client
    finally:
        service.terminate()
        service.wait(timeout=60)


def _ask(
    way: Way, client: httpx.Client, method: str, address: str, *, naming: str | None = None, **sent: Any
) -> httpx.Response:
    """Ask, and keep what was answered; of an answer that was asked to say a name, the name alone is left out."""
    response = client.request(method, address, **sent)
    way.addresses |= {str(each.url) for each in (*response.history, response)}
    offered = re.findall(r'(?:href|action|src)="([^"]*)"', response.text)
    way.addresses |= {html.unescape(each) for each in offered}
    body = response.text
    if naming is not None:
        way.told += naming in body
        body = body.replace(naming, "")
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    way.answers.append((f"{method} {response.url.path}", f"{headers}\n{body}".encode()))
    return response


def _account(way: Way) -> tuple[str, str, str]:
    made = json.loads(way.run_here("user", "add", "canary.desk", "--role", "county", "--area", "/", "--json"))
    return made["user"], made["password"], made["token"]


def _field(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None, page.text
    return found[1]


def _in_the_browser(way: Way, client: httpx.Client) -> None:
    user, password, _ = _account(way)
    form = _ask(way, client, "GET", "/login")
    sent = {"account": user, "password": password, "csrf": _field(form, "csrf")}
    assert _ask(way, client, "POST", "/login", data=sent).status_code == 200
    for lang in ("zh", "en"):
        _ask(way, client, "GET", f"/lists/latest?lang={lang}")
        csrf = _field(_ask(way, client, "GET", f"/households/search?lang={lang}"), "csrf")
    heads = [canary for canary in way.canaries if canary.phone][:: max(1, len(way.canaries) // 40)]
    for canary in heads[:12]:
        assert canary.phone is not None
        addresses = set()
        for text in (canary.name, canary.identity):
            found = _ask(
                way, client, "POST", "/households/search", naming=text, data={"q": text, "csrf": csrf}
            )
            addresses |= set(re.findall(r"/households/[0-9a-f]{64}", found.text))
        (address,) = addresses
        _ask(way, client, "GET", address)
        told = client.post(f"{address}/name", data={"purpose": "visit", "csrf": csrf})
        way.addresses.add(str(told.url))
        way.told += canary.name in told.text and canary.phone in told.text
        assert told.headers["Cache-Control"] == "no-store"
        _ask(way, client, "POST", f"{address}/name", data={"purpose": canary.name, "csrf": csrf})
        _ask(way, client, "POST", f"{address}/name", data={"purpose": "visit", "csrf": canary.name})
        # A name typed where an id belongs: the address is theirs, but it is neither logged nor answered.
        for text in canary.texts():
            for wrong in (
                f"/households/{text}",
                f"/lists/{text}",
                f"/{text}",
                f"/lists/latest?area={text}&tier={text}",
            ):
                answer = client.get(wrong)
                way.answers.append((f"GET {wrong.split(text)[0]}…", _without_links_to_itself(answer, text)))
    _ask(way, client, "POST", "/logout", data={"csrf": csrf})


def _without_links_to_itself(answer: httpx.Response, text: str) -> bytes:
    """The answer but for the links that ask the same address again in another language."""
    again = re.escape(html.escape(answer.url.raw_path.decode().split("?")[0]))
    return re.sub(rf'href="{again}[^"]*"', "", answer.text).encode()


def _by_programs(way: Way, client: httpx.Client) -> None:
    token = json.loads(way.run_here("user", "token", "canary.desk", "--json"))["token"]
    client.headers["Authorization"] = f"Bearer {token}"
    for canary in way.canaries[:5]:
        for text in canary.texts():
            for address, document in (
                ("/v1/households/search", {"q": text}),
                ("/v1/decisions", {"household": text}),
                ("/v1/decisions", {"key": text}),
                ("/v1/decisions/batch", {"households": [text]}),
                ("/v1/decisions", {text: text}),
                (f"/v1/decisions/{text}/replay", {}),
            ):
                response = client.post(address, json=document)
                way.answers.append((address.split(text)[0], response.content))
            way.answers.append(
                ("broken", client.post("/v1/decisions", content=f'{{"household": "{text}').content)
            )
            way.answers.append(("history", client.get(f"/v1/households/{text}/decisions").content))
    way.answers.append(("openapi", client.get("/openapi.json").content))


@pytest.fixture(scope="module")
def search(way: Way) -> Search:
    return Search(text for canary in way.canaries for text in canary.texts())


def test_the_canaries_went_the_whole_way(way: Way) -> None:
    """Else nothing that follows would mean anything."""
    heads = [canary for canary in way.canaries if canary.phone]
    assert len(heads) >= 950
    assert len(way.canaries) > 3000
    assert way.told == 12 * 3
    scope = scope_of("/")
    with Store.open(way.home) as store:
        from serving.register import service

        for canary in heads[::25]:
            by_name, by_number = (
                service.search(home=way.home, store=store, scope=scope, q=text, by="li")["households"]
                for text in (canary.name, canary.identity)
            )
            assert by_name == by_number
            assert len(by_name) == 1


def test_the_search_finds_what_is_there(way: Way, search: Search, tmp_path: Path) -> None:
    """In whatever encoding and wherever it stands; else its silence would mean nothing."""
    one = way.canaries[7]
    for text in one.texts():
        for form in written(text):
            assert search.found(b"x" * 4_194_300 + b"before " + form + b" after") == {text}
    deliveries = way.home.folder("deliveries")
    found = search.found_in(deliveries)
    assert {path.parent.name for path in found} == {
        "county_accidents", "county_disability", "county_education", "county_households", "county_insurance",
        "county_medical", "county_persons", "county_work",
    }  # fmt: skip
    assert len(set().union(*found.values())) == len({t for c in way.canaries for t in c.texts()})
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"x": ["a", one.name]}), tmp_path / "hidden.parquet", compression="zstd")
    assert search.found_in(tmp_path) == {tmp_path / "hidden.parquet": {one.name}}


def test_nobody_stands_in_what_was_written(way: Way, search: Search) -> None:
    """Facts, snapshots, bundles, evaluations, tracking, store with its journal, temporary files, logs."""
    home = way.home.path
    looked = {path.relative_to(home).parts[0] for path in home.rglob("*") if path.is_file()}
    assert {"facts", "snapshots", "bundles", "mlflow", "store", "quarantine"} <= looked
    leaving = [way.home.folder("deliveries"), way.home.folder("quarantine")]
    assert search.found_in(home, leaving) == {}
    assert search.found_in(way.temporary) == {}
    assert max(map(len, way.journal)) > 100_000
    assert [search.found(content) for content in way.journal] == [set()] * len(way.journal)
    assert b"GET /households/{household}" in (way.temporary / "serve.log").read_bytes()


def test_quarantine_holds_the_rows_that_were_set_aside_and_no_other(way: Way, search: Search) -> None:
    """A department gets its row back as it sent it: that is what quarantine is for."""
    folder = way.home.folder("quarantine")
    deliveries = {d.quarantine: d for d in FactStore(way.home).deliveries() if d.quarantine}
    aside = 0
    for path in search.found_in(folder):
        delivery = deliveries[path.relative_to(folder).as_posix()]
        with path.open(encoding="utf-8-sig", newline="") as source:
            entries = list(csv.DictReader(source))
        assert all(entry["code"] for entry in entries)
        assert len(entries) == delivery.rows_quarantined + delivery.cells_quarantined
        held = set().union(*(search.found(",".join(map(str, entry.values())).encode()) for entry in entries))
        assert search.found(path.read_bytes()) == held
        aside += len(entries)
    assert aside >= 20


def test_nobody_stands_in_what_was_said(way: Way, search: Search) -> None:
    """Standard output and error of every command, with their errors."""
    assert len(way.said) > 30
    assert {verb for verb, said in way.said if search.found(said)} == set()


def test_nobody_stands_in_an_address(way: Way, search: Search) -> None:
    assert any("/name" in address for address in way.addresses)
    assert {address for address in way.addresses if search.found(address.encode())} == set()


def test_nobody_stands_in_an_answer_that_was_not_asked_to_name_them(way: Way, search: Search) -> None:
    assert len(way.answers) > 200
    assert {asked for asked, body in way.answers if search.found(body)} == set()
