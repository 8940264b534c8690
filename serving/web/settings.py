"""What can be set about a running service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Settings:
    """Limits of the service; the defaults suit a county on one small machine."""

    # The largest body that is read, in bytes; what is larger is refused before any of it is parsed.
    body_limit: int = 1024 * 1024
    # A request that takes longer is answered with ``deadline_exceeded``, in seconds.
    deadline: float = 10.0
    # How long a sign-in holds without and with use.
    session_idle: timedelta = timedelta(minutes=30)
    session_whole: timedelta = timedelta(hours=12)
    # Failures in a row after which an account waits, and how long.
    failures: int = 10
    lock: timedelta = timedelta(minutes=15)
    # Failures from one address, whatever the names, within that time.
    source_failures: int = 50
    # Cookies are marked Secure (and named __Host-) where the service stands behind TLS.
    secure_cookies: bool = False
    # Households that one batch may name.
    batch: int = 1000
    # Lines on a page of a list; 200 are some 300 kB.
    page: int = 200
    # Seconds that a request waits to write while another process writes; well below the deadline, because
    # a request may have to wait behind one that waits.
    patience: float = 3.0
