"""One invented hamlet a session."""

from __future__ import annotations

import pytest

from features.home import Home
from tests.training.homes import Hamlet, write


@pytest.fixture(scope="session")
def hamlet(tmp_path_factory: pytest.TempPathFactory) -> Hamlet:
    return write(tmp_path_factory.mktemp("hamlet") / "data")


@pytest.fixture(scope="session")
def home(hamlet: Hamlet) -> Home:
    """A home that took in every wave; tests only read it or add bundles."""
    return hamlet.home("home")
