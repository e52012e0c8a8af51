"""Where crash-prone or heavy work runs: in a child process with limits, or plainly in this one.

A page that makes the reader abort, eat memory or never end loses its own job and nothing else: the pool
replaces the child and goes on with what waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import pickle
import resource
import traceback
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, TypeVar, cast

from crawler.child_environment import forget_environment
from crawler.ports import ChildCrashed, ChildrenLost

if TYPE_CHECKING:
    from pebble import ProcessPool

T = TypeVar("T")

TIME_LIMIT = 20.0  # seconds for one job, counted from the moment a child takes it
MEMORY_LIMIT = 1 << 30  # bytes of address space a child may map; a reader at rest maps about a third
IDLE_LIMIT = 180.0  # seconds without work after which the children are stopped
JOBS_A_CHILD = 2_000  # then a child is replaced, so that no leak grows for months


class ChildPool:
    """Runs jobs in spawned child processes; implements `crawler.ports.Isolation`.

    Nothing is started before the first job, and the children end after `idle_limit` seconds without one.
    To be used from one event loop. A cancelled job is dropped: its child is stopped when it had begun.

    Args:
        workers: children at most, all of them started with the first job.
        time_limit: seconds for one job.
        memory_limit: bytes of address space for one child, set by the child on itself.
        idle_limit: seconds.
    """

    def __init__(
        self,
        workers: int = 1,
        *,
        time_limit: float = TIME_LIMIT,
        memory_limit: int = MEMORY_LIMIT,
        idle_limit: float = IDLE_LIMIT,
    ) -> None:
        if workers < 1:
            raise ValueError(f"a pool needs a worker, not {workers}")
        self._workers = workers
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        self._idle_limit = idle_limit
        self._pool: ProcessPool | None = None
        self._jobs: set[Future[bytes]] = set()  # of the present pool, not done yet
        self._running = 0
        self._idle: asyncio.TimerHandle | None = None
        self._stopping: set[asyncio.Task[None]] = set()
        self._closed = False

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """`work(*args)` in a child; both must be picklable, `work` a module-level function.

        Exceptions of `work` itself come through as they are.

        Raises:
            ChildCrashed: the child died, ran out of memory or of time.
            ChildrenLost: all children were, whoever's work it was.
            RuntimeError: the pool is closed.
        """
        if self._closed:
            raise RuntimeError("the pool of children is closed")
        self._running += 1
        self._keep_awake()
        try:
            succeeded, value = await self._answer(self._schedule(work, args))
        finally:
            self._running -= 1
            if not self._running and not self._closed:
                self._idle = asyncio.get_running_loop().call_later(self._idle_limit, self._rest)
        if succeeded:
            return cast(T, value)
        if isinstance(value, MemoryError):
            raise ChildCrashed(f"the work needed more than {self._memory_limit >> 20} MiB") from value
        raise cast(BaseException, value)

    async def close(self) -> None:
        """Stop all children, whatever they are doing, and wait until they are gone."""
        self._closed = True
        self._keep_awake()
        self._retire()
        while self._stopping:
            await asyncio.gather(*self._stopping)

    def _schedule(self, work: Callable[..., object], args: tuple[object, ...]) -> Future[bytes]:
        for _ in range(2):
            pool = self._pool = self._pool or self._new_pool()
            try:
                job: Future[bytes] = pool.schedule(_perform, args=(work, args), timeout=self._time_limit)
            except RuntimeError:  # a child was killed while it had no job: such a pool takes no more work
                self._retire()
            else:
                self._jobs.add(job)
                job.add_done_callback(self._jobs.discard)
                return job
        raise ChildrenLost("no child process could be started")

    def _new_pool(self) -> ProcessPool:
        from pebble import ProcessPool

        return ProcessPool(
            max_workers=self._workers,
            max_tasks=JOBS_A_CHILD,
            initializer=_begin,
            initargs=(self._memory_limit,),
            context=multiprocessing.get_context("spawn"),
        )

    async def _answer(self, job: Future[bytes]) -> tuple[bool, object]:
        from pebble import ProcessExpired

        try:
            answer = await asyncio.wrap_future(job)
        except TimeoutError as error:
            raise ChildCrashed(f"the work took longer than {self._time_limit:g} s") from error
        except ProcessExpired as error:
            raise ChildCrashed(f"the child process died ({_how(error.exitcode)})") from error
        except (BrokenProcessPool, MemoryError) as error:
            raise ChildrenLost("the child processes were stopped or could not be kept alive") from error
        try:
            succeeded, value = pickle.loads(answer)  # noqa: S301 - made by our own child
        except Exception as error:
            raise ChildCrashed(f"the answer of the child cannot be read: {error}") from error
        return succeeded, value

    def _keep_awake(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _rest(self) -> None:
        if not self._running:
            self._retire()

    def _retire(self) -> None:
        """Stop the present children in the background; a later job starts new ones."""
        pool, self._pool = self._pool, None
        jobs, self._jobs = self._jobs, set()
        if pool is not None:
            task = asyncio.get_running_loop().create_task(asyncio.to_thread(_stop, pool, jobs))
            self._stopping.add(task)
            task.add_done_callback(self._stopping.discard)


class SameProcess:
    """Runs jobs here and now, without limits: for one short command on input of one's own choice.

    Implements `crawler.ports.Isolation`; a crash takes the command with it.
    """

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """`work(*args)`, in a thread so that the loop goes on."""
        return await asyncio.to_thread(work, *args)

    async def close(self) -> None:
        """Nothing to stop."""


def _begin(memory: int) -> None:
    """In a child of the pool, which reads what strangers wrote: little memory, and no password to find."""
    forget_environment()
    limit_this_process(memory)


def limit_this_process(memory: int) -> None:
    """In a child: allow `memory` bytes of address space, never more than allowed already."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _perform(work: Callable[..., object], args: tuple[object, ...]) -> bytes:
    """In a child: whether `work` succeeded, and its value or exception, pickled.

    Pickled here, because an answer that cannot be pickled or read again would break the pool for all.
    """
    succeeded: bool = True
    value: object
    try:
        value = work(*args)
    except Exception as error:
        error.add_note(f"in the child process:\n{traceback.format_exc()}")
        succeeded, value = False, error.with_traceback(None)
    try:
        return pickle.dumps((succeeded, value))
    except Exception as error:
        unfit = TypeError(f"{type(value).__name__} of {work.__qualname__} cannot be handed back: {error}")
        return pickle.dumps((False, unfit))


def _stop(pool: Any, jobs: set[Future[bytes]]) -> None:
    """End a pool's children and threads; what it had accepted and forgets then is failed here."""
    pool.stop()
    pool.join()
    for job in tuple(jobs):
        with contextlib.suppress(InvalidStateError):
            job.set_exception(BrokenProcessPool("stopped before it began"))


def _how(exitcode: int | None) -> str:
    if exitcode is None:
        return "exit code unknown"
    return f"signal {-exitcode}" if exitcode < 0 else f"exit code {exitcode}"
