"""The register: who is behind a pseudonym, encrypted, shown masked."""
