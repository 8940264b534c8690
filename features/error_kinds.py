"""Every kind of error that people see, by its code: exit code, HTTP status, message and remedy.

``docs/errors.md`` is written from this table.
"""

from __future__ import annotations

from features.delivery_error_kinds import DELIVERY_KINDS
from features.error_kind import ErrorKind
from features.service_error_kinds import SERVICE_KINDS
from features.wording import N_

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
    "catalogue_damaged": ErrorKind(
        4,
        409,
        N_("The frozen catalogue {catalogue} is no longer what its hash says."),
        N_("Restore the store from a backup; decisions of that catalogue cannot be explained otherwise."),
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
    # --- the service
    **SERVICE_KINDS,
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
    # --- mappings and deliveries
    **DELIVERY_KINDS,
}
