"""The ML models: what there is (zoo), where it is kept (store), and how it runs."""

import sys

# OpenVINO tells its maker of every import; nothing may leave this machine, so it is given the stub that it has for the case.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
