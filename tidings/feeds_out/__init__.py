"""Feeds for readers elsewhere: one of each initiative and of each saved search, as Atom and as JSON Feed."""
