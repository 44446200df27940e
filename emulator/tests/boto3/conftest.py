"""An emulator for each file of tests, and the accounts of all of them."""

import itertools
import os
from collections.abc import Callable, Iterator

import pytest

from emulator import Emulator
from ledger import Ledger
from violations import VIOLATIONS
from world import World

# Nothing of the machine's own configuration reaches the SDK.
for name in list(os.environ):
    if name.upper().startswith("AWS_") or name.upper().endswith("_PROXY"):
        del os.environ[name]
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull

LEDGER = Ledger()
NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def ledger() -> Ledger:
    return LEDGER


@pytest.fixture(autouse=True)
def _walk(ledger: Ledger) -> Iterator[None]:
    """A test fails for each answer that is not as the model says, whatever else it looks at."""
    before = len(ledger.complaints)
    yield
    found = ledger.complaints[before:]
    assert not found, "the walker complains:\n" + "\n".join(found)


@pytest.fixture(scope="module")
def start(ledger: Ledger) -> Iterator[Callable[..., Emulator]]:
    """Starts an emulator with options; all of a file's emulators end with it."""
    running = []

    def run(*options: str) -> Emulator:
        running.append(Emulator(ledger.answered, *options))
        return running[-1]

    yield run
    for emulator in running:
        emulator.stop()


@pytest.fixture(scope="module")
def emulator(start: Callable[..., Emulator]) -> Emulator:
    return start("--quota", "domains-per-account=1000")


@pytest.fixture(scope="module")
def client(emulator: Emulator):
    return emulator.client()


@pytest.fixture
def domain(client) -> str:
    """A domain of the test's own."""
    name = f"domain-{next(NUMBERS)}"
    client.create_domain(domain=name)
    return name


@pytest.fixture(scope="module")
def world(emulator: Emulator) -> World:
    return World(emulator)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The accounts are looked at when all else has run."""
    items.sort(key=lambda item: item.path.name == "test_accounts.py")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in LEDGER.summary(len(VIOLATIONS)):
        terminalreporter.write_line(line)
    for how in ("rule", "fault"):
        terminalreporter.write_line(f"by {how}:")
        for pair in LEDGER.pairs(how):
            terminalreporter.write_line(f"  {pair}")
