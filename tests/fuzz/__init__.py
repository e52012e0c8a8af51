"""Coverage-guided fuzzing of what strangers write: feeds, dates, lists of feeds, pages that link to feeds."""
