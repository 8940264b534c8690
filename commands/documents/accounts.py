"""Documents of `user add`, `user token`, `user password` and `user disable`."""

from __future__ import annotations

from features.documents import Document


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
