"""Why an article is in its story, in words for people."""

from __future__ import annotations

from crawler.folds import founder_of

NEW = "new"
LIKE = "like its reports: "  # as the folder says it of articles about one event, see `crawler.stories.decide`
ENOUGH = 0.5  # similarity from which such an article belongs to a story, see `crawler.stories.degree`


def reason(why: str, similarity: float | None) -> str:
    """`like its reports by the words chip, trust (similarity 0.62; 0.50 is enough)`, `same text (similarity 1.00)`."""
    if why == NEW:
        return "began this story"
    if similarity is None:
        return why or "no reason kept"
    if why.startswith(LIKE):
        words = why.removeprefix(LIKE)
        return f"like its reports by the words {words} (similarity {similarity:.2f}; {ENOUGH:.2f} is enough)"
    return f"{why or 'no reason kept'} (similarity {similarity:.2f})"


def as_folded(why: str, article_id: str, story_id: str) -> str:
    """The reason as it stands when all is folded: the first of a story that was joined to another began that one."""
    if why != NEW or founder_of(story_id) == article_id:
        return why
    return f"began s{article_id}, which is part of this story"
