"""Our ports in memory, one file each: small, obvious, and held to the same contract as the database."""
