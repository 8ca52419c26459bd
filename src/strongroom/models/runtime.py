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


def compile_model(model: Path | Any, store: ModelStore, threads: int) -> Any:
    """Compile a model for this machine's processor.

    OpenVINO picks the precision itself: bfloat16 where the processor has units for it, else float32.

    Args:
        model: An ONNX file (or OpenVINO's own format), or an ``openvino.Model``.
        store: Where the compiled form is kept; a lock keeps other processes from reading it half written.
        threads: Processor threads that one inference may use.

    Returns:
        An ``openvino.CompiledModel``. One infer request of it serves one thread at a time.

    Raises:
        ModelCorrupt: The file cannot be read as a model.
    """
    # pinned threads of several processes all take the same core: two workers then do half the work (measured)
    options: dict[str, Any] = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "ENABLE_CPU_PINNING": False}
    source = str(model) if isinstance(model, Path) else model
    kept = store.compiled
    try:
        if kept is None:
            return _core().compile_model(source, "CPU", options)
        with locked(kept / ".lock"):
            return _core().compile_model(source, "CPU", options | {"CACHE_DIR": str(kept)})
    except RuntimeError as error:
        raise ModelCorrupt(f"OpenVINO cannot load {model}: {str(error).splitlines()[-1]}") from error
