"""Bodies of webhooks for chat and push services, made of a message's own JSON: pure functions."""
