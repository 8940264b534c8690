"""Every kind of error that people see, by its code: exit code, HTTP status, message and remedy.

``docs/errors.md`` is written from this table.
"""

from __future__ import annotations

from dataclasses import dataclass

from features.wording import N_


@dataclass(frozen=True)
class ErrorKind:
    """A kind of error: exit code of the command line, HTTP status, message and remedy (message ids)."""

    exit: int
    http: int
    message: str
    remedy: str


KINDS: dict[str, ErrorKind] = {
    # --- the command line itself
    "usage": ErrorKind(
        2, 422, N_("The command was not understood: {reason}"), N_("Ask the verb with --help.")
    ),
    "bad_day": ErrorKind(2, 422, N_("That is not a day."), N_("Write days as YYYY-MM-DD.")),
    "bad_month": ErrorKind(2, 422, N_("That is not a month."), N_("Write months as YYYY-MM.")),
    "unknown_language": ErrorKind(
        2, 422, N_("The language {name} is not known."), N_("Choose zh, en or both.")
    ),
    "deliveries_refused": ErrorKind(
        3,
        422,
        N_("{n} waiting files were refused; the first is {file}."),
        N_("Ask for each with: fangpin ingest. Mend or remove them, then run the month again."),
    ),
    "demo_home_differs": ErrorKind(
        4,
        409,
        N_("The home at {path} holds something other than the demonstration's county."),
        N_("Name another folder: FANGPIN_HOME=demo-home make demo"),
    ),
    "bug": ErrorKind(
        1,
        500,
        N_("Something went wrong in fangpin itself ({kind})."),
        N_("Nothing was half-written. Run it again with FANGPIN_DEBUG=1 and report what it prints."),
    ),
    # --- home and clock
    "home_missing": ErrorKind(
        3, 503, N_("There is no home at {path}."), N_("Make one with: fangpin init --home {path}")
    ),
    "home_exists": ErrorKind(
        4, 409, N_("There is already a home at {path}."), N_("Use it as it is, or name another folder.")
    ),
    "home_damaged": ErrorKind(
        3, 503, N_("The file {file} of the home cannot be read: {reason}."), N_("Restore it from the backup.")
    ),
    "key_missing": ErrorKind(
        3,
        503,
        N_("There is no key file {file}."),
        N_("Restore the folder that FANGPIN_KEYS names, or set FANGPIN_KEYS."),
    ),
    "clock_backwards": ErrorKind(
        4,
        409,
        N_("The day {day} is later than today, {today}, on the clock of this home."),
        N_("Ask for a day up to today."),
    ),
    "arrival_after_first_list": ErrorKind(
        4,
        409,
        N_("Lists have been issued from this home, so an arrival can no longer be declared."),
        N_("Take the file in without declaring an arrival; it counts as known from today."),
    ),
    # --- facts, parameters and indicators
    "bad_record": ErrorKind(
        3,
        500,
        N_("The record {record} in {file} is wrong at {place}: {reason}."),
        N_("Correct the record; the documentation of records lists its keys."),
    ),
    "bad_expression": ErrorKind(
        3,
        500,
        N_("The expression of {record} is wrong: {reason}."),
        N_("Use only the operators and names that the documentation of indicators lists."),
    ),
    "unknown_name": ErrorKind(3, 404, N_("{what} {name} is not known."), N_("Known are: {known}.")),
    "empty_population": ErrorKind(
        3,
        409,
        N_("No household is in the population of {day}."),
        N_(
            "Take in the deliveries that were known on that day first, or choose the last day of a period with data."
        ),
    ),
    "welfare_conflict": ErrorKind(
        3,
        409,
        N_("The mappings of this home declare different welfare concepts: {concepts}."),
        N_("Concepts never mix: keep one panel a home."),
    ),
    "unknown_snapshot": ErrorKind(
        3, 404, N_("There is no snapshot {snapshot}."), N_("Build it with: fangpin snapshot --as-of DAY")
    ),
    "snapshot_void": ErrorKind(
        4,
        409,
        N_("The snapshot {snapshot} is void: deliveries were recorded for {as_of} after it was made."),
        N_("Build the snapshot of that day again and use the new one."),
    ),
    "snapshot_damaged": ErrorKind(
        4,
        409,
        N_("The rows of the snapshot {snapshot} no longer give its number."),
        N_("Build the snapshot of that day again."),
    ),
    "unknown_outcome": ErrorKind(
        3, 404, N_("No mapping of this home declares the outcome {outcome}."), N_("Declared are: {known}.")
    ),
    "unknown_household": ErrorKind(
        3,
        404,
        N_("There is no such household in this home."),
        N_("Check the household number, and the day asked for."),
    ),
    # --- store, champion, lists and decisions
    "not_published": ErrorKind(
        4,
        409,
        N_("No snapshot of {day} has been published."),
        N_("Build and publish it: fangpin snapshot --as-of DAY, then fangpin publish SNAPSHOT."),
    ),
    "catalogue_mismatch": ErrorKind(
        4,
        409,
        N_("The snapshot was computed with catalogue {snapshot}, the model was trained on {bundle}."),
        N_("Publish a snapshot of the model's catalogue, or train and promote a model of today's."),
    ),
    "no_champion": ErrorKind(
        4,
        409,
        N_("No model has been promoted yet."),
        N_("Promote one: fangpin promote BUNDLE --by NAME --reason TEXT"),
    ),
    "no_previous_champion": ErrorKind(
        4, 409, N_("There is no earlier model to go back to."), N_("Promote another bundle instead.")
    ),
    "gate_failed": ErrorKind(
        4,
        409,
        N_("The bundle did not pass the gate: {reason}."),
        N_("Train it again; or a named person overrules the gate, with a reason: --overrule."),
    ),
    "unknown_bundle": ErrorKind(
        3, 404, N_("There is no bundle {bundle}."), N_("Train one with: fangpin train --until DAY")
    ),
    "unknown_list": ErrorKind(
        3, 404, N_("There is no such list."), N_("Issue one with: fangpin issue --area AREA --period PERIOD")
    ),
    "unknown_decision": ErrorKind(
        3, 404, N_("There is no such decision."), N_("Ask for one with: fangpin decide HOUSEHOLD")
    ),
    "contributions_differ": ErrorKind(
        4,
        500,
        N_("The contributions do not add up to the margin; nothing was stored."),
        N_("Do not use this bundle; train it again."),
    ),
    "bad_period": ErrorKind(
        2,
        422,
        N_("{period} is not a month (YYYY-MM) or a quarter (YYYYQn)."),
        N_("Write it like 2026-09 or 2026Q3."),
    ),
    "bad_area": ErrorKind(
        2, 422, N_("{area} is not an area path."), N_("Write codes joined by /, or / for the whole home.")
    ),
    "empty_area": ErrorKind(
        3,
        404,
        N_("No household of the snapshot lies in {area}."),
        N_("Write codes joined by /, or / for the whole home."),
    ),
    "out_of_scope": ErrorKind(
        4, 404, N_("{area} is not known here."), N_("Ask whoever is in charge of the whole home.")
    ),
    "name_or_reason_missing": ErrorKind(
        2, 422, N_("Who does this, and why, must be said."), N_("Give both: --by NAME --reason TEXT")
    ),
    "store_busy": ErrorKind(
        4, 503, N_("The store {file} is in use by another writer."), N_("Try again in a moment.")
    ),
    "store_not_writable": ErrorKind(
        4,
        503,
        N_("The store {file} cannot be written: {reason}."),
        N_("Make room on the disk and check the folder's rights."),
    ),
    "store_damaged": ErrorKind(
        3, 503, N_("The store is not as it should be ({file}: {reason})."), N_("Restore it from the backup.")
    ),
    # --- bundles
    "bundle_damaged": ErrorKind(
        4,
        409,
        N_("The bundle is damaged: {file} is not as it was written ({reason})."),
        N_("Restore the bundle's folder from the backup, or train it again."),
    ),
    # --- training
    "forbidden_input": ErrorKind(
        4,
        409,
        N_("The column {column} may not predict {outcome}."),
        N_(
            "Leave it out; its record says what it may predict, and protected columns serve fairness tests alone."
        ),
    ),
    "training_data_changed": ErrorKind(
        4,
        409,
        N_("The home no longer gives the rows that the bundle {bundle} was trained on."),
        N_("Train again: fangpin train --until DAY"),
    ),
    "no_files_for_mapping": ErrorKind(
        3,
        422,
        N_("No file under {file} has a name that the mapping {mapping} is for."),
        N_("Name the folder that holds the files, or correct the key files of the mapping."),
    ),
    "bad_quarter": ErrorKind(
        2, 422, N_("{quarter} is not a quarter."), N_("Write year and quarter, such as 2012Q3.")
    ),
    "no_training_rows": ErrorKind(
        3,
        409,
        N_("By {until} no outcome {outcome} is mature for any household."),
        N_("Take in more periods, or train with a later --until."),
    ),
    "too_few_events": ErrorKind(
        3,
        409,
        N_("Only {events} events of {outcome} are known by {until}; {least} are needed to train."),
        N_("Take in more periods, or train with a later --until."),
    ),
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
