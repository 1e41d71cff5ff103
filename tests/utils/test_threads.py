"""Work shared out to the cores."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info
from threads import forget_threads, thread_count

from cppn_gl.cli.main import main
from cppn_gl.utils import threads
from cppn_gl.utils.checks import PresetError
from cppn_gl.utils.threads import DEFAULT_MAX, VARIABLE, on_all_cores, one_thread, shared_out


def blas_threads() -> set[int]:
    return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}


@pytest.fixture
def variable(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets CPPN_GL_THREADS."""

    def change(text: str) -> None:
        monkeypatch.setenv(VARIABLE, text)
        forget_threads()

    yield change
    monkeypatch.undo()
    forget_threads()


def test_one_thread_a_core(variable: Callable[[str], None]) -> None:
    variable("")
    assert threads.thread_count() == min(DEFAULT_MAX, os.cpu_count() or 1)


@pytest.mark.parametrize("text", ["1", "7", "64"])
def test_the_environment_says_how_many(variable: Callable[[str], None], text: str) -> None:
    variable(text)
    assert threads.thread_count() == int(text)


@pytest.mark.parametrize("text", ["0", "65", "-1", "two", "1.5", "1_0", " 2", "٣", "9" * 5000])
def test_another_number_is_one_line(
    variable: Callable[[str], None], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    variable(text)
    with pytest.raises(PresetError, match=r"^CPPN_GL_THREADS: .* integer from 1 to 64$") as caught:
        threads.thread_count()
    assert caught.value.key == VARIABLE
    assert main(["render", "default", "-o", "a.png", "--engine", "numpy"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("cppn_gl: CPPN_GL_THREADS: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("share", [on_all_cores, shared_out])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_so_many_work_at_once(share: Callable[..., None], count: int) -> None:
    """Each waits for all others: with fewer threads the barrier breaks."""
    barrier = threading.Barrier(count)
    with thread_count(count):
        share(lambda start: barrier.wait(60), range(count))


@pytest.mark.parametrize("count", [1, 2])
def test_no_more_than_so_many_work(count: int) -> None:
    found: set[int] = set()
    with thread_count(count):
        for share in (on_all_cores, shared_out):
            found.clear()
            share(lambda start: found.add(threading.get_ident()), range(50))
            assert len(found) <= count


@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_each_start_is_worked_on_once(count: int) -> None:
    done: list[int] = []
    on_all_cores(done.append, range(0, 7 * count, 7))
    assert sorted(done) == list(range(0, 7 * count, 7))


def test_one_piece_of_work_stays_in_its_thread() -> None:
    found: list[int] = []
    on_all_cores(lambda start: found.append(threading.get_ident()), [0])
    assert found == [threading.get_ident()]


def test_what_goes_wrong_in_a_thread_is_raised() -> None:
    def fail(start: int) -> None:
        if start == 3:
            raise KeyError(start)

    for starts in (range(9), [3]):
        with pytest.raises(KeyError):
            on_all_cores(fail, starts)
    on_all_cores(lambda start: None, range(9))  # and the threads work on


def test_matrix_products_keep_to_their_thread_meanwhile() -> None:
    np.ones((2, 2)) @ np.ones((2, 2))
    before = blas_threads()
    if not before:
        pytest.skip("does not heed: no BLAS that can be told")
    with one_thread():
        assert blas_threads() == {1}
        with one_thread():  # within another
            assert blas_threads() == {1}
        assert blas_threads() == {1}
    assert blas_threads() == before
    with pytest.raises(KeyError), one_thread():
        raise KeyError
    assert blas_threads() == before


def test_several_threads_leave_the_number_as_it_was() -> None:
    before = blas_threads()

    def multiply(seed: int) -> float:
        with one_thread():
            return float((np.full((9, 9), seed) @ np.eye(9)).sum())

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(multiply, range(40))) == [81.0 * seed for seed in range(40)]
    assert blas_threads() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="does not heed: no fork")
def test_a_child_process_has_threads_of_its_own() -> None:
    """A fork has none of the pool's threads: what waits for them waits for ever."""
    code = """if True:
        import os, threading, warnings
        warnings.simplefilter("ignore")
        from cppn_gl.utils.threads import on_all_cores, one_thread
        on_all_cores(lambda start: None, range(9))
        held, go = threading.Event(), threading.Event()
        def hold():
            with one_thread():
                held.set(); go.wait()
        threading.Thread(target=hold).start()
        held.wait()
        child = os.fork()
        if child == 0:
            done = []
            on_all_cores(done.append, range(9))
            os._exit(len(done))
        go.set()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9"""
    import subprocess

    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
