"""A source that needs JavaScript is refused where nothing could read it, with the remedy."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from alerts.match import validate
from crawler.spiders.browser import lacking
from tidings.settings import load
from tidings.settings.models.sources import SourceShape

_DAYS = timedelta(days=3)
SITE = {"id": "press", "site": "https://example.org/press", "links": "article a"}


@pytest.mark.skipif(lacking() is not None, reason="; ".join(lacking() or ()))
def test_a_site_says_that_it_needs_javascript() -> None:
    shape = SourceShape.model_validate({**SITE, "javascript": "true"})

    assert shape.record(_DAYS).javascript
    assert not SourceShape.model_validate(SITE).record(_DAYS).javascript


@pytest.mark.skipif(lacking() is not None, reason="; ".join(lacking() or ()))
def test_the_example_of_its_page_loads(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "javascript.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "tidings.yaml").write_text("channels:\n  outbox: {type: file}\n", encoding="utf-8")
    (tmp_path / "sources.yaml").write_text(example, encoding="utf-8")

    (source,) = load(tmp_path, state_dir=tmp_path, environ={}, validate_term=validate).sources

    assert source.javascript


def test_where_no_browser_is_the_file_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = lacking()
    assert missing is not None

    with pytest.raises(ValidationError) as raised:
        SourceShape.model_validate({**SITE, "javascript": "true"})

    told = str(raised.value)
    assert f"source 'press' needs JavaScript, but {missing[0]}; {missing[1]}" in told
    assert "install" in missing[1]
    assert not SourceShape.model_validate(SITE).javascript  # and nobody else needs one


def test_only_a_site_has_it() -> None:
    with pytest.raises(ValidationError, match="'javascript' goes with 'site' only; remove it"):
        SourceShape.model_validate({"id": "a", "feed": "https://example.org/feed", "javascript": "true"})
