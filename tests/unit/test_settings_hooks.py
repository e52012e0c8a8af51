"""Webhooks in tidings.yaml: keys that change without a gap, and whose language is spoken."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.plans import HookFormat, WebhookChannel
from crawler.secret import Secret
from tidings.settings import ConfigError, load

TOKEN = "tk_4rk2qp7canary"
OLD, NEW = "whsec_aHVudGVyMg==", "whsec_bmV3IHNlY3JldA=="
ENVIRON = {"OLD": OLD, "NEW": NEW, "BOTH": f"{NEW} {OLD}", "BAD": "whsec_%%", "TOKEN": TOKEN}


def hook(folder: Path, keys: str, url: str = "https://hooks.example.org/x") -> WebhookChannel:
    """The channel as these keys make it."""
    for name, text in {"old": OLD, "new": NEW, "token": TOKEN}.items():
        (folder / name).write_text(text + "\n")
        (folder / name).chmod(0o600)
    (folder / "tidings.yaml").write_text(f'channels:\n  hook: {{type: webhook, url: "{url}", {keys}}}\n')
    (channel,) = load(folder, state_dir=folder, environ=ENVIRON).channels
    assert isinstance(channel, WebhookChannel)
    return channel


@pytest.mark.parametrize(
    ("keys", "signing"),
    [
        ('secret: "${OLD}"', OLD),
        ('secret: ["${NEW}", "${OLD}"]', f"{NEW} {OLD}"),
        ('secret: "${BOTH}"', f"{NEW} {OLD}"),
        ("secret_file: old", OLD),
        ("secret_file: [new, old]", f"{NEW} {OLD}"),
    ],
)
def test_one_secret_or_several_while_keys_change(tmp_path: Path, keys: str, signing: str) -> None:
    """A list, in the order it is written; one text may hold several, too."""
    assert hook(tmp_path, keys).secret == Secret(signing)


@pytest.mark.parametrize("keys", ["format: cloudevents", "secret: []", "allow_private: []"])
def test_without_a_secret_nothing_signs(tmp_path: Path, keys: str) -> None:
    assert hook(tmp_path, keys).secret is None


@pytest.mark.parametrize("keys", ['token: "${TOKEN}"', "token_file: token"])
def test_a_token_of_ntfy_comes_from_the_environment_or_a_file(tmp_path: Path, keys: str) -> None:
    assert hook(tmp_path, f"format: ntfy, {keys}").token == Secret(TOKEN)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("token_file: token", "only ntfy takes a token; drop it, or write format: ntfy"),
        ('format: ntfy, token: "${TOKEN}", token_file: token', "both token and token_file are given"),
        (f"format: ntfy, token: {TOKEN}", "the secret itself stands in the file"),
        ('format: ntfy, token: "${BOTH}"', "the token is no token of ntfy"),
    ],
)
def test_a_token_that_is_of_no_use_is_an_error(tmp_path: Path, keys: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        hook(tmp_path, keys)

    assert line in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_token_goes_in_the_clear_to_a_network_of_ones_own_only(tmp_path: Path) -> None:
    keys, url = "format: ntfy, token_file: token", "http://ntfy.example.org/x"
    with pytest.raises(ConfigError, match="the token would go over the net in the clear"):
        hook(tmp_path, keys, url)

    assert hook(tmp_path, f"{keys}, allow_private: 10.0.0.0/8", url).token == Secret(TOKEN)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ('secret: ["${NEW}", "${BAD}"]', "the secret is not of the form of Standard Webhooks"),
        (f"secret: ['{OLD}']", "the secret itself stands in the file"),
        ('secret: "${NEW}", secret_file: old', "both secret and secret_file are given"),
        ('secret: ["${NEW}", ""]', "the text is empty"),
        ("format: slak", "did you mean 'slack'?"),
        ("format: slack, secret_file: old", "a message for slack is not signed, and has no use for a secret"),
    ],
)
def test_what_cannot_be_meant_is_an_error(tmp_path: Path, keys: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        hook(tmp_path, keys)

    assert line in str(caught.value)
    assert OLD not in str(caught.value)
    assert NEW not in str(caught.value)


@pytest.mark.parametrize("name", list(HookFormat))
def test_the_format_is_that_of_the_service(tmp_path: Path, name: HookFormat) -> None:
    assert hook(tmp_path, f"format: {name}").format is name


def test_without_a_format_our_own_document_is_sent(tmp_path: Path) -> None:
    assert hook(tmp_path, "allow_private: []").format is HookFormat.CLOUDEVENTS
