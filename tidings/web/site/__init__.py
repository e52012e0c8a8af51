"""The pages on which people see the archive and the daemon: served by the daemon, without scripts."""
