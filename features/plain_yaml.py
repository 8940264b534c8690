"""YAML for files that people write: plain scalars as in YAML 1.2, and no key twice.

YAML 1.1, which the library reads by default, turns NO into "false" and 010 into 8; a code table or a list
of columns would change its meaning without a word.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

_PLAIN = {
    "bool": (r"^(?:true|false|True|False)$", "tfTF"),
    "int": (r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    "float": (
        r"^[-+]?(?:0|[1-9][0-9]*)?\.[0-9]+$|^[-+]?(?:0|[1-9][0-9]*)\.$|^[-+]?\.inf$|^\.nan$",
        "-+.0123456789",
    ),
}


# The library's safe loader; its fast form where it was built, six times the speed.
_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):
    """The safe loader without the surprises."""


def _without_twins(loader: _Loader, node: yaml.MappingNode) -> dict[object, object]:
    seen: set[object] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} stands twice", key_node.start_mark
            )
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] not in _PLAIN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _kind, (_pattern, _first) in _PLAIN.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(_pattern), list(_first))
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _without_twins)


def load(content: bytes) -> Any:
    """The document. Raises `yaml.YAMLError`, or `UnicodeDecodeError` for what is no UTF-8."""
    return yaml.load(content.decode("utf-8"), _Loader)  # a safe loader
