"""Ids in addresses: 64 hexadecimal digits. With anything else in their place an address is none of ours."""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor


class _Sha256(Convertor[str]):
    regex = "[0-9a-f]{64}"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("sha256", _Sha256())


def by_id(path: str) -> str:
    """The path of a route, each of its parameters a SHA-256.

    >>> by_id("/decisions/{decision}/replay")
    '/decisions/{decision:sha256}/replay'
    """
    return path.replace("}", ":sha256}")
