"""Kinds of error of the running service: see `features.error_kinds`."""

from __future__ import annotations

from features.error_kind import ErrorKind
from features.wording import N_

SERVICE_KINDS: dict[str, ErrorKind] = {
    "not_signed_in": ErrorKind(
        4, 401, N_("Nobody is signed in."), N_("Sign in, or send a valid token: fangpin user add makes one.")
    ),
    "form_not_ours": ErrorKind(
        4,
        403,
        N_("The form did not come from a page of this session."),
        N_("Open the page again and send it from there."),
    ),
    "bad_request": ErrorKind(
        2,
        422,
        N_("The request was not understood at {column}: {reason}."),
        N_("The documentation of the service lists what each route takes."),
    ),
    "no_such_page": ErrorKind(3, 404, N_("There is nothing at this address."), N_("Go back to the list.")),
    "method_not_allowed": ErrorKind(
        2,
        405,
        N_("This address is not asked in this way."),
        N_("The documentation of the service lists how each route is asked."),
    ),
    "body_too_large": ErrorKind(
        2, 413, N_("The request is larger than {limit} bytes."), N_("Send fewer households at a time.")
    ),
    "batch_too_large": ErrorKind(
        2, 422, N_("The batch names more than {limit} households."), N_("Send fewer households at a time.")
    ),
    "bad_cursor": ErrorKind(
        2,
        422,
        N_("The cursor is not one of this list, area and tier."),
        N_("Take it from next of the page before, and ask with the same area and tier."),
    ),
    "deadline_exceeded": ErrorKind(
        4,
        503,
        N_("The answer took longer than {seconds} seconds."),
        N_("Ask again in a moment; what was begun is finished or undone as a whole."),
    ),
    "not_ready": ErrorKind(
        4, 503, N_("The service cannot work yet: {reason}"), N_("Ask /readyz, and mend what it names.")
    ),
    "too_busy": ErrorKind(
        4,
        503,
        N_("More decisions are asked for than can wait."),
        N_("Ask again in a few seconds; a batch is quicker than many single questions."),
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
    "sign_in_refused": ErrorKind(
        4, 403, N_("The account or the password is not right."), N_("Type both again. Tries left: {left}.")
    ),
    "sign_in_locked": ErrorKind(
        4,
        429,
        N_("There were too many failed tries, so signing in waits for {minutes} minutes."),
        N_("Try again then, or ask whoever runs the service for a new password."),
    ),
    "account_exists": ErrorKind(
        3, 409, N_("There is already an account of that name."), N_("Choose another name.")
    ),
    "unknown_account": ErrorKind(
        3,
        404,
        N_("There is no account of that name."),
        N_("Make one with: fangpin user add NAME --role ROLE --area AREA"),
    ),
    "bad_account_name": ErrorKind(
        2,
        422,
        N_("That cannot be the name of an account."),
        N_("Write 2 to 40 letters, digits, dots, dashes or underscores."),
    ),
    "bad_days": ErrorKind(
        2, 422, N_("A token cannot hold for {days} days."), N_("Choose from 1 to {most} days.")
    ),
    "address_taken": ErrorKind(
        4,
        503,
        N_("The service cannot listen on {host}, port {port}: {reason}."),
        N_("End what listens there, or choose another port: fangpin serve --port PORT"),
    ),
    "key_damaged": ErrorKind(
        3,
        503,
        N_("The key file {file} does not hold {length} bytes."),
        N_("Restore the folder that FANGPIN_KEYS names, or set FANGPIN_KEYS."),
    ),
    "register_key_unknown": ErrorKind(
        3,
        503,
        N_(
            "The register holds names that were encrypted with the key {key}, which is not in the keys folder."
        ),
        N_("Put that key back beside register.key, under a name like register-1.key."),
    ),
    "register_damaged": ErrorKind(
        3,
        503,
        N_("A name of the register cannot be decrypted: it was changed or stands in the wrong place."),
        N_("Restore the store and the keys from backups of the same day."),
    ),
    "unknown_purpose": ErrorKind(
        2, 422, N_("Full names are shown for a purpose that must be chosen."), N_("Choose one of: {known}.")
    ),
    "no_visitors": ErrorKind(
        4,
        403,
        N_("This home is about real people: nobody is let in without an account of their own."),
        N_("Make an account with: fangpin user add."),
    ),
}
