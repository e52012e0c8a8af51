"""The suite gives the same answer each time; `HYPOTHESIS_PROFILE=explore make test` looks for new examples."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import settings

from alerts import envelope
from tests.fakes.postgres import server
from tests.published import published_faults

# Nobody outside is asked, so nobody has to be vouched for; to read the machine's authorities takes 30 ms each time.
os.environ |= {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}

settings.register_profile("repeat", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: many tests wait for processes of their own, or for a limit to be reached."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Eleven thousand tests stay until the end; whoever looks for what may go need not look at them, nor so often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a private PostgreSQL server on a socket, ended with the session."""
    with server() as url:
        yield url


@pytest.fixture(autouse=True, scope="session")
def every_document_meets_its_published_schema() -> Iterator[None]:
    """Whatever a test of this suite makes a digest or notice of: its JSON is as docs/schema says.

    The one place where a function of a module is replaced: no port sees every document that is made.
    """
    made = envelope.serialised

    def judged(document: Mapping[str, object]) -> str:
        text = made(document)
        assert published_faults(json.loads(text)) == []
        return text

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(envelope, "serialised", judged)
        yield
