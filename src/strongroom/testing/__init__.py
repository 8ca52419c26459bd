"""For tests of what is built on Strongroom's ports: conformance suites, and fakes without processes or files."""

from strongroom.testing.executors import ExecutorTests, WorkerTests
from strongroom.testing.inline import InlineExecutor
from strongroom.testing.source import BytesSource

__all__ = ["BytesSource", "ExecutorTests", "InlineExecutor", "WorkerTests"]
