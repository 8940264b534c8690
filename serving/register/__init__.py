"""The register: who is behind a pseudonym. Encrypted where it lies, found exactly, shown masked, read on record."""
