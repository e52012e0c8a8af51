"""Ask the running daemon how it is, from another process of the same user: small, because probes run it all the time."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What only the running daemon knows of itself."""

    address: str | None = None  # where it answers, as one on this machine reaches it
    phase: str | None = None  # see `tidings.pulse.Phase`; None: it gave no answer
    ticked_at: datetime | None = None  # the end of the last tick that went well
    lag: float = 0.0  # seconds by which that began late
    reloaded_at: datetime | None = None  # when the configuration in force was read
    notes: tuple[str, ...] = ()  # sentences: why it gave no answer, and its heartbeat


def beat(state_dir: Path, *, seconds: float = 1.0) -> Beat | None:
    """Ask the daemon that works on `state_dir` for itself; None: there is none. Never raises."""
    probe = probe_file.read(state_dir)
    if probe is None:
        return None
    said = ask(state_dir, live=True, seconds=seconds)
    if not said.facts:
        return Beat(notes=(said.words,))
    facts, notes = said.facts, []
    heartbeat = facts.get("heartbeat") or {}
    if heartbeat.get("problem"):
        notes.append(f"the heartbeat is not taken since {heartbeat['since']}: {heartbeat['problem']}")
    return Beat(
        address=f"http://{f'[{probe.host}]' if ':' in str(probe.host) else probe.host}:{probe.port}",
        phase=facts.get("phase"),
        ticked_at=_moment(facts.get("ticked_at")),
        lag=float(facts.get("lag") or 0.0),
        reloaded_at=_moment(facts.get("reloaded_at")),
        notes=tuple(notes),
    )


def _moment(said: str | None) -> datetime | None:
    try:
        return None if said is None else datetime.fromisoformat(said)
    except ValueError:
        return None  # another version of the daemon says it in another way
