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
        ('<a href=http://x.example/">linked</a> plan', "linked plan"),
        ("  two  spaces ", "two spaces"),
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


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("<svg viewBox='0 0 1 1'><title>Icon</title><circle r='1'/></svg>Harbour", "Harbour"),
        ("<math xmlns='http://www.w3.org/1998/Math/MathML'><mi>a</mi></math>", ""),
        ("<area></area>Map", "Map"),
        ("<input />Field", "Field"),
        ("Press <button type='button'>Go</button> now", "Press now"),
        ("The <details> and <input> elements", "The <details> and <input> elements"),
    ],
)
def test_rare_elements_are_markup_when_they_are_used_as_markup(raw: str, expected: str) -> None:
    """Closed or with attributes they are; a bare name may be a word of the text."""
    assert plain_text(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("One.\n \nTwo.", "One.\n\nTwo."),
        ("One.\n\x00\nTwo.", "One.\n\nTwo."),
        (" One  two.\xa0\t\n\n\n\n Three\x85 ", "One two.\n\nThree…"),
        ("Caf\xe9 \u200bx\u202e", "Café \u200bx"),
        ("\n\n \n", ""),
    ],
)
def test_white_space_and_controls_are_tidied_in_each_paragraph(raw: str, expected: str) -> None:
    """Single spaces, one line a paragraph, none empty; windows-1252 that was read as Latin-1 is mended."""
    assert plain_text(raw) == expected


@given(st.text(max_size=300))
def test_no_text_leaves_a_line_break_or_control_in_a_title(raw: str) -> None:
    """Whatever comes in, a title can stand in a mail header."""
    title = plain_title(raw)

    assert title == " ".join(title.split())
    assert not any(
        ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 or 0xD800 <= ord(sign) < 0xE000 for sign in title
    )
