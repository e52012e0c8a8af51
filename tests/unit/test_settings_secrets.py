"""Secrets come from the environment or from files that only the owner reads, and are never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.secret import Secret
from tidings.settings import ConfigError, load
from tidings.settings.secrets import SecretFault, fill, read_secret

SECRET = "hunter2-canary"


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    """A file of this mode."""
    path.write_text(text)
    path.chmod(mode)
    return path


def test_variables_are_filled_in_anywhere_in_the_text() -> None:
    """A placeholder may stand inside an address; other dollar signs stay."""
    assert (
        fill("ntfy://${USER}:${WORD}@host/$x", {"USER": "u", "WORD": "a${USER}"})
        == "ntfy://u:a${USER}@host/$x"
    )


@pytest.mark.parametrize(("environ", "state"), [({}, "is not set"), ({"WORD": ""}, "is empty")])
def test_a_variable_that_is_not_there_is_named(environ: dict[str, str], state: str) -> None:
    """The message names the variable, and whether it is missing or empty."""
    with pytest.raises(SecretFault, match=f"the environment variable WORD {state}; set WORD before"):
        fill("${WORD}", environ)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640])
def test_a_secret_file_holds_the_secret_and_a_line_end(tmp_path: Path, mode: int) -> None:
    """The line end that an editor adds is no part of the secret; a space is."""
    assert read_secret(write(tmp_path / "s", f" {SECRET} \r\n", mode), "s") == Secret(f" {SECRET} ")


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620, 0o602, 0o666])
def test_a_secret_file_that_others_may_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    """The remedy is the command to type."""
    with pytest.raises(SecretFault, match="run: chmod 600 config/s") as caught:
        read_secret(write(tmp_path / "s", SECRET, mode), "config/s")

    assert f"its mode is {mode:03o}" in caught.value.problem
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"\n", "is empty"), (b"\xff", "is not UTF-8"), (b"x" * 70_000, "64 KiB")],
)
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    """Empty, binary and large files are surely the wrong ones."""
    path = tmp_path / "s"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(SecretFault, match=words):
        read_secret(path, "s")


def test_a_folder_is_no_secret(tmp_path: Path) -> None:
    """A name that is not a file is told as such."""
    with pytest.raises(SecretFault, match="is not a file"):
        read_secret(tmp_path, "s")


def test_files_of_secrets_lie_in_the_configuration_folder(tmp_path: Path) -> None:
    """Every `…_file` is read from there, and no secret shows in the settings."""
    for name, text in {
        "mail": SECRET,
        "hook": "whsec_aHVudGVyMi1jYW5hcnk=",
        "url": f"https://hooks.example.org/{SECRET}",
        "chat": f"ntfy://{SECRET}@ntfy.example.org/x",
        "web": SECRET,
        "feed": f"Bearer {SECRET}",
    }.items():
        write(tmp_path / name, text + "\n")
    (tmp_path / "tidings.yaml").write_text(
        'database: "postgresql://tidings:${DB}@localhost/tidings"\n'
        'web: {bind: "0.0.0.0:8787", token_file: web}\n'
        "channels:\n"
        "  m: {type: email, from: a@example.org, to: b@example.org, smtp: {host: h, user: u, password_file: mail}}\n"
        "  w: {type: webhook, url_file: url, secret_file: hook}\n"
        "  c: {type: apprise, url_file: chat}\n"
    )
    (tmp_path / "sources.yaml").write_text(
        "sources: {id: s, feed: 'https://example.org/', auth_file: feed}\n"
    )

    settings = load(tmp_path, state_dir=tmp_path, environ={"DB": SECRET})

    assert SECRET not in repr(settings)
    assert settings.database == f"postgresql://tidings:{SECRET}@localhost/tidings"
    assert settings.web.token == Secret(SECRET)
    assert settings.sources[0].auth == Secret(f"Bearer {SECRET}")


FAULTY = [
    f"database: '{SECRET}'\n",
    f"database: 'mysql://u:{SECRET}@h/d'\n",
    'database: "mysql://u:${S}@h/d"\n',
    f"channels: {{w: {{type: webhook, url: '{SECRET}'}}}}\n",
    'channels: {w: {type: webhook, url: "${S}", secret: "${S}"}}\n',
    f"channels: {{w: {{type: webhook, url: 'https://h/', secret: 'whsec_{SECRET}'}}}}\n",
    'channels: {c: {type: apprise, url: "${S}"}}\n',
    f"channels: {{c: {{type: apprise, url: [{SECRET}]}}}}\n",
    f"channels: {{c: {{type: apprise, url: {{{SECRET}: x}}}}}}\n",
    f"channels: {{m: {{type: email, from: a@b.c, to: a@b.c, smtp: {{host: h, user: u, password: {SECRET}}}}}}}\n",
    'channels: {m: {type: email, from: "${S}", to: "${S}", smtp: {host: h, user: "${S}", password: "${S}"}}}\n',
    f"channels:\n  m:\n    smtp:\n      password: @{SECRET}\n",
    f"channels:\n  m:\n    smtp:\n      password: *{SECRET}\n",
    f"channels:\n  m:\n    smtp:\n      password: !{SECRET}\n",
    f'channels:\n  m:\n    smtp:\n      password: "x" {SECRET}\n',
    f"channels:\n  m:\n    smtp:\n      password: a: {SECRET}\n",
    f"channels:\n  m:\n    smtp:\n      password {SECRET}\n",
    f"web: {{bind: '0.0.0.0:1', token: {SECRET}}}\n",
]


@pytest.mark.parametrize("text", FAULTY)
def test_an_error_beside_a_secret_does_not_show_it(text: str, tmp_path: Path) -> None:
    """Whatever is wrong around it, the secret itself is in no message, nor in the exception behind it."""
    (tmp_path / "tidings.yaml").write_text(text)

    with pytest.raises(ConfigError) as caught:
        load(tmp_path, state_dir=tmp_path, environ={"S": SECRET})

    assert SECRET not in str(caught.value) + repr(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "source",
    [
        f"auth: {SECRET}",
        'auth: "${S}"',
        f"headers: {{Authorization: 'Bearer {SECRET}'}}",
        f"headers: {{Cookie: 'x={SECRET}'}}",
        f"feed: 'https://u:{SECRET}@example.org/'",
    ],
)
def test_an_error_of_a_source_does_not_show_its_secret(source: str, tmp_path: Path) -> None:
    """Logging in goes by auth or auth_file, and says so without the secret."""
    feed = "" if "feed" in source else "    feed: https://example.org/\n"
    (tmp_path / "sources.yaml").write_text(f"sources:\n  - id: s\n{feed}    {source}\n")

    with pytest.raises(ConfigError) as caught:
        load(tmp_path, state_dir=tmp_path, environ={"S": SECRET})

    assert SECRET not in str(caught.value)
