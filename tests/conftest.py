"""What holds for every test: no network but loopback, no settings of the user's, reproducible properties.

pytest-socket refuses other hosts to Python code: see ``addopts`` in pyproject.toml.
"""

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

NOWHERE = "http://127.0.0.1:9"

settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", settings.get_profile("steady"), derandomize=False, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def _leave_the_network() -> None:
    """Send clients that Python cannot stop (those in Rust, and child processes) nowhere, save to loopback."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        os.environ[name] = os.environ[name.lower()] = NOWHERE
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost,::1"
    os.environ.update(HF_HUB_OFFLINE="1", PIP_NO_INDEX="1", AWS_EC2_METADATA_DISABLED="true")


pytest.register_assert_rewrite("clients")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--nothing-skipped", action="store_true", help="count a skipped test as failed: CI has all that is needed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.config.getoption("--nothing-skipped"):
        report.outcome = "failed"
        report.longrepr = f"skipped, though nothing may be here: {report.longrepr}"
    return report


def pytest_configure() -> None:
    _leave_the_network()
    for name in [name for name in os.environ if name.startswith("STRONGROOM_") and name != "STRONGROOM_MODELS_DIR"]:
        del os.environ[name]
