"""How a name is shown before somebody asks for it: enough to tell two households apart, too little to know one."""

from __future__ import annotations

HIDDEN = "*"


def masked_name(name: str) -> str:
    """First and last character with one asterisk between; of two characters the first alone.

    The asterisk stands for any number of characters, so that the length of a name is not told.

    >>> masked_name("王建国"), masked_name("覃芳"), masked_name("欧阳小红"), masked_name("李")
    ('王*国', '覃*', '欧*红', '*')
    """
    shown = "".join(name.split())
    if len(shown) < 2:
        return HIDDEN
    return f"{shown[0]}{HIDDEN}" if len(shown) == 2 else f"{shown[0]}{HIDDEN}{shown[-1]}"
