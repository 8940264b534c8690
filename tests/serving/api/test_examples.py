"""Every example of docs/api.md is executed against a running service and gives the status that the page promises."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from serving.web.settings import Settings
from tests.house.tree import ROOT
from tests.serving.api.conftest import Start
from tests.serving.api.prepare import Prepared
from tests.serving.api.running import Running

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"^```sh\n# ([^\n]+)\n(.+?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = EXAMPLE.findall(PAGE)
# The shell's curl, silent, telling the status on standard error.
CURL = "curl() { command curl --silent --show-error --write-out '%{stderr}%{http_code}' \"$@\"; }\n"


@pytest.fixture(scope="module")
def settings_of_the_page(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    lines = prepared.issued["lines"]
    return {
        "TOKEN": prepared.token,
        "HOUSEHOLD": prepared.unlisted[0],
        "OTHER": prepared.unlisted[1],
        "NUMBER": "h7",
        "DAY": prepared.issued["as_of"],
        "DECISION": lines[0]["decision"],
        "LIST": prepared.issued["list"],
        "AREA": prepared.township,
    }


def test_every_example_does_what_the_page_says(
    prepared: Prepared, own: Path, start: Start, settings_of_the_page: dict[str, str]
) -> None:
    service = start(own, Settings(page=20))
    with service.client() as client:
        cursor = client.get(f"/v1/lists/{prepared.issued['list']}").json()["next"]
    known = {**settings_of_the_page, "BASE": service.base, "CURSOR": cursor}
    assert len(EXAMPLES) == PAGE.count("```sh") >= 18
    for promised, script in EXAMPLES:
        used = set(re.findall(r"\$([A-Z]+)", script))
        assert used <= set(known), f"the page uses {used - set(known)}"
        done = subprocess.run(
            ["bash", "-ec", CURL + script],
            env={"PATH": "/usr/bin:/bin", **{name: known[name] for name in used}},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr in re.findall(r"\d{3}", promised), f"{script}{done.stdout[:500]}"


def test_every_route_and_no_other_is_on_the_page(running: Running) -> None:
    with running.client() as client:
        described: dict[str, Any] = client.get("/openapi.json").json()
    asked = {re.sub(r"\$[A-Z]+", "{}", path) for path in re.findall(r'"\$BASE(/[^"?]*)', PAGE)}
    assert asked == {re.sub(r"\{\w+\}", "{}", path) for path in described["paths"]}
    statuses = {
        status for path in described["paths"].values() for way in path.values() for status in way["responses"]
    }
    for status in statuses - {"200", "201", "500"}:
        assert f"| {status} |" in PAGE, status
