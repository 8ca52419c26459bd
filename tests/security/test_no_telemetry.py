"""Nothing that Strongroom is built on reports its use to anybody."""

import subprocess
import sys

PROGRAM = """
import strongroom.models
import openvino.tools.ovc as ovc
print(type(ovc.telemetry).__module__)
"""


def test_openvino_reports_to_a_stub():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "openvino.tools.ovc.telemetry_stub"
