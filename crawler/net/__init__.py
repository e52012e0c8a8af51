"""Everything that goes out over HTTP: one guard, one gate, one set of limits. The door to aiohttp and Protego."""
