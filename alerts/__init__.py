"""Articles in, messages out: matching, digests, rendering and channels."""
