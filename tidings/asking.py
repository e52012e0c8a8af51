"""Ask the running daemon how it is, from another process of the same user: small, because probes run it all the time."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from tidings import probe_file

SECONDS = 5.0  # longer than the daemon takes at worst
BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What came of it."""

    good: bool
    words: str  # one line
    facts: dict[str, Any] = field(default_factory=dict)  # as the daemon gave them; {}: it gave none


def ask(state_dir: Path, *, live: bool = False, seconds: float = SECONDS) -> Said:
    """Whether the daemon that works on `state_dir` is ready, or only whether it is alive. Never raises.

    Args:
        live: ask no more than whether the work goes on.
        seconds: to wait, in all but the worst case.
    """
    probe = probe_file.read(state_dir)
    if probe is None:
        return Said(good=False, words=f"no daemon runs on {state_dir}; start it with `tidings run`")
    if probe.host is None or probe.port is None:
        return Said(good=False, words=f"the daemon cannot be asked: {probe.problem}")
    where = f"{probe.host}:{probe.port}"
    connection = HTTPConnection(probe.host, probe.port, timeout=seconds)
    try:
        connection.request(
            "GET", "/livez" if live else "/readyz", headers={"Authorization": f"Bearer {probe.key}"}
        )
        answer = connection.getresponse()
        facts = json.loads(answer.read(BYTES))
    except ConnectionRefusedError:
        return Said(
            good=False, words=f"no daemon answers at {where}; process {probe.process} is gone, or stops"
        )
    except TimeoutError:
        return Said(good=False, words=f"the daemon does not answer at {where} within {seconds:g} s")
    except (OSError, HTTPException, ValueError) as fault:
        problem = getattr(fault, "strerror", None) or type(fault).__name__
        return Said(
            good=False, words=f"what listens at {where} does not answer as the daemon does ({problem})"
        )
    finally:
        connection.close()
    if not isinstance(facts, dict) or answer.status not in (200, 503):
        return Said(good=False, words=f"what listens at {where} is another program (status {answer.status})")
    good = answer.status == 200
    return Said(good=good, words=_words(facts, good=good, live=live), facts=facts)


def _words(facts: dict[str, Any], *, good: bool, live: bool) -> str:
    if live:
        silence = facts.get("silence")
        return "alive" if good else f"not alive: no sign of life for {silence} s"
    failing = {name: said for name, said in dict(facts.get("parts") or {}).items() if said != "ok"}
    if good:
        return "ready"
    return "not ready: " + (
        "; ".join(f"{name}: {said}" for name, said in failing.items()) or "no reason given"
    )


def notes(state_dir: Path, *, seconds: float = 1.0) -> tuple[str, ...]:
    """Sentences for `status` on what only the running daemon knows: whether it can be asked, and its heartbeat."""
    if probe_file.read(state_dir) is None:
        return ()
    said = ask(state_dir, live=True, seconds=seconds)
    found = [] if said.facts else [said.words]
    heartbeat = said.facts.get("heartbeat") or {}
    if heartbeat.get("problem"):
        found.append(f"the heartbeat is not taken since {heartbeat['since']}: {heartbeat['problem']}")
    return tuple(found)
