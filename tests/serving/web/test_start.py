"""How the service starts: light, quickly and small."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.house.tree import ROOT
from tests.serving.api.prepare import Prepared

HEAVY = {"mlflow", "shap", "numba", "pyspark", "duckdb", "lightgbm", "sklearn", "pandas"}
CODE = """
import json, resource, sys
from serving.app import create_app
from starlette.testclient import TestClient
app = create_app(sys.argv[1])
assert app.state.service.readiness.lacking() is None
spent = resource.getrusage(resource.RUSAGE_SELF)
loaded = sorted({name.split(".")[0] for name in sys.modules})
pages = TestClient(app)
with pages:
    assert pages.get("/readyz").json() == {"ready": True}
    answer = pages.get("/v1/lists/latest", headers={"authorization": "Bearer " + sys.argv[2]})
    assert answer.status_code == 200, answer.text
    assert pages.get("/login", headers={"accept": "text/html"}).status_code == 200
# The most that this program held; ru_maxrss would count what its parent held before.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({
    "loaded": loaded,
    "seconds": spent.ru_utime + spent.ru_stime,
    "mib": int(peak.split()[1]) / 1024,
    "later": sorted({name.split(".")[0] for name in sys.modules}),
}))
"""


def test_light_quick_and_small(prepared: Prepared) -> None:
    argv = [sys.executable, "-c", CODE, str(prepared.home), prepared.token]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, check=True)
    found = json.loads(done.stdout)
    assert not HEAVY & set(found["loaded"])
    assert not HEAVY & set(found["later"])
    # Seconds of the processor from the start of Python to ready, which do not grow when the machine is busy.
    assert found["seconds"] < 2
    assert found["mib"] < 150
