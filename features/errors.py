"""The one tree of errors that people see: what, where and the remedy, in Chinese and English.

Exit codes: 2 usage, 3 bad input, 4 refused; anything else is a bug of ours and ends with 1.
A message never contains a personal value.
"""

from __future__ import annotations

from features.error_kinds import KINDS
from features.wording import both


class Refusal(Exception):
    """Something a person asked for cannot be done; says what, where and how to mend it.

    Parameters
    ----------
    code : a key of `KINDS`
    file, row, column : where, as far as it applies (row: line of the file, the header is line 1)
    params : values for the places of the message and the remedy; never a personal value
    """

    def __init__(
        self,
        code: str,
        *,
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
        **params: object,
    ) -> None:
        self.code = code
        self.kind = KINDS[code]
        self.file, self.row, self.column = file, row, column
        self.params = {"file": file, "row": row, "column": column, **params}
        super().__init__(self.text("en"))

    @property
    def exit_code(self) -> int:
        return self.kind.exit

    def message(self) -> dict[str, str]:
        return both(self.kind.message, **self.params)

    def remedy(self) -> dict[str, str]:
        return both(self.kind.remedy, **self.params)

    def text(self, lang: str) -> str:
        return f"{self.message()[lang]} {self.remedy()[lang]}"

    def document(self) -> dict[str, object]:
        """The error document of the command line and of HTTP alike."""
        where = {
            k: v
            for k, v in (("file", self.file), ("row", self.row), ("column", self.column))
            if v is not None
        }
        return {"error": {"code": self.code, "message": self.message(), **where, "remedy": self.remedy()}}
