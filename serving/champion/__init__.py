"""Which bundle judges: promotion by a named person, with reason and evidence."""
