"""Documents of the verbs `user …`."""

from __future__ import annotations

from datetime import datetime

from features.documents import Document, Part


class UserAddedDocument(Document):
    """`user add`: shown this once; the store keeps digests alone."""

    user: str
    password: str
    """For signing in on the pages."""
    token: str
    """For programs: ``Authorization: Bearer TOKEN``."""
    token_ends: str
    """The moment, in UTC, from which the token opens nothing."""


class UserTokenDocument(Document):
    """`user token`: a further token, or with ``--revoke`` how many were ended."""

    user: str
    token: str | None
    token_ends: str | None
    revoked: int
    """Tokens that open nothing from now on."""


class UserPasswordDocument(Document):
    """`user password`: shown this once; sessions of the account have ended."""

    user: str
    password: str


class UserDisabledDocument(Document):
    """`user disable`"""

    user: str
    disabled: bool


class UserPart(Part):
    """One account."""

    user: str
    role: str
    area: str
    created_at: datetime
    created_by: str
    last_used: datetime | None
    """To within a minute while the service runs; none where it was never used."""
    tokens: int
    """Tokens that hold."""
    sessions: int
    """Sessions that hold, unless they ended for want of use."""
    disabled: bool


class UsersDocument(Document):
    """`user list`"""

    users: list[UserPart]
