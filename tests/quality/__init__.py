"""How well pages are read: the shared corpora's own measures, and floors under which no change may fall."""
