"""OpenVINO, set up the same way for every model: few threads, and compiled models kept between processes."""

from functools import cache
from pathlib import Path
from typing import Any

from strongroom.errors import ModelCorrupt
from strongroom.models.store import ModelStore, locked


@cache
def _core() -> Any:
    import openvino

    return openvino.Core()


def compile_model(file: Path, store: ModelStore, threads: int) -> Any:
    """Compile an ONNX file (or OpenVINO's own format) for this machine's processor.

    OpenVINO picks the precision itself: bfloat16 where the processor has units for it, else float32.

    Args:
        file: The model.
        store: Where the compiled form is kept; a lock keeps other processes from reading it half written.
        threads: Processor threads that one inference may use.

    Returns:
        An ``openvino.CompiledModel``. One infer request of it serves one thread at a time.

    Raises:
        ModelCorrupt: The file cannot be read as a model.
    """
    options: dict[str, Any] = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
    kept = store.compiled
    try:
        if kept is None:
            return _core().compile_model(str(file), "CPU", options)
        with locked(kept / ".lock"):
            return _core().compile_model(str(file), "CPU", options | {"CACHE_DIR": str(kept)})
    except RuntimeError as error:
        raise ModelCorrupt(f"OpenVINO cannot load {file}: {str(error).splitlines()[-1]}") from error
