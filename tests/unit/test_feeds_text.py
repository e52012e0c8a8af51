"""Markup becomes the text that a person would read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.feeds.text import LONGEST_TITLE, plain_text, plain_title


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Don&#x27;t park, says &quot;Dock Watch&quot;", 'Don\'t park, says "Dock Watch"'),
        ("Ropes &amp;amp; anchors", "Ropes & anchors"),
        ("A <b>bold</b> plan", "A bold plan"),
        ('A <a href="http://x.example/">linked</a> plan', "A linked plan"),
        ("The <dialog> element", "The <dialog> element"),
        ("History of the <blink> tag", "History of the <blink> tag"),
        ("if a<b and c>d", "if a<b and c>d"),
        ("one<br>two", "one two"),
        ("x<script>alert(1)</script>y", "x y"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;y", "y"),
        ("Fog\r\nBcc: crew@mail.example\u2028end", "Fog Bcc: crew@mail.example end"),
        ("\u202egnirts\u202c", "gnirts"),
        ("It\x92s 5 \x80", "It’s 5 €"),
        ("AT&T and R&D", "AT&T and R&D"),
    ],
)
def test_a_title_is_plain_and_on_one_line(raw: str, expected: str) -> None:
    """Markup and escaping go however deep, words stay."""
    assert plain_title(raw) == expected


def test_a_long_title_is_cut_and_marked() -> None:
    """At most 1,024 characters, the last being the mark."""
    title = plain_title("x" * 100_000)

    assert len(title) == LONGEST_TITLE
    assert title.endswith("…")


def test_text_keeps_paragraphs_and_loses_scripts() -> None:
    """Blocks become paragraphs; scripts, styles and comments leave nothing."""
    raw = "<p>One <b>bold</b>\nline.</p><script>evil()</script><style>p{}</style><!-- no --><div>Two &amp; three.</div>"

    assert plain_text(raw) == "One bold line.\n\nTwo & three."


def test_text_escaped_once_too_often_is_read_all_the_same() -> None:
    """`&lt;p&gt;` inside a text that holds no other markup was meant as markup."""
    assert plain_text("&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;") == "One.\n\nTwo."


def test_plain_text_keeps_its_own_paragraphs() -> None:
    """A blank line parts, a single line break does not."""
    assert plain_text("One\nline.\n\n\n Two.") == "One line.\n\nTwo."


@given(st.text(max_size=300))
def test_no_text_leaves_a_line_break_or_control_in_a_title(raw: str) -> None:
    """Whatever comes in, a title can stand in a mail header."""
    title = plain_title(raw)

    assert title == " ".join(title.split())
    assert not any(
        ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 or 0xD800 <= ord(sign) < 0xE000 for sign in title
    )
