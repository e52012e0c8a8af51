"""Sources in, articles out: polling, pages, identity, duplicates and stories."""
