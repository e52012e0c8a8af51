"""Bytes of a feed → entries: encodings, repairs, formats, dates; discovery of feeds; OPML."""
