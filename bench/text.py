"""Passages a second of the default text model: the bare loop of its libraries against Strongroom's embedder, in one run.

Usage: python bench/text.py [PASSAGES]
"""

import importlib
import inspect
import pkgutil
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import openvino
from rich.console import Console
from rich.table import Table
from tokenizers import Tokenizer

from strongroom.domain.settings import Settings
from strongroom.models.store import ModelStore
from strongroom.models.text import load_text_embedder
from strongroom.models.zoo import MINILM

WORDS, ROUNDS = 70, 3
MODULES = ("asyncio", "concurrent", "email", "http", "importlib", "json", "logging", "multiprocessing", "unittest", "xml")


def passages(count: int) -> list[str]:
    """Cut the docstrings of the standard library into passages of 70 words."""
    texts: list[str] = []
    for name in MODULES:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, name + "."):
            if "__main__" not in found.name and "test" not in found.name and "win" not in found.name:
                module = importlib.import_module(found.name)
                texts += [inspect.getdoc(member) or "" for _, member in inspect.getmembers(module, inspect.isclass)]
    words = " ".join(dict.fromkeys(texts)).split()
    cut = [" ".join(words[at : at + WORDS]) for at in range(0, len(words) - WORDS, WORDS)]
    return [cut[index % len(cut)] for index in range(count)]


def bare(batch: int) -> Callable[[list[str]], np.ndarray]:
    """Make the loop that one would write by hand: tokenizer, OpenVINO, mean, length 1; in order of length."""
    store = ModelStore()
    tokenizer = Tokenizer.from_file(str(store.path(MINILM, "tokenizer.json")))
    tokenizer.enable_truncation(256)
    tokenizer.enable_padding()
    model = openvino.Core().compile_model(str(store.path(MINILM, "model.onnx")), "CPU", {"INFERENCE_NUM_THREADS": 1})

    def embed(texts: list[str]) -> np.ndarray:
        out = np.empty((len(texts), 384), np.float32)
        order = np.argsort([len(text) for text in texts])
        for start in range(0, len(texts), batch):
            chosen = order[start : start + batch]
            encoded = tokenizer.encode_batch([texts[index] for index in chosen])
            ids = np.array([one.ids for one in encoded])
            mask = np.array([one.attention_mask for one in encoded])
            states = model({"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})[0]
            mean = (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
            out[chosen] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return out

    return embed


def seconds(run: Callable[[list[str]], np.ndarray], texts: list[str]) -> float:
    """Give the processor seconds of one run: the wall clock would measure the neighbours too."""
    started = time.process_time()
    run(texts)
    return time.process_time() - started


def main() -> None:
    """Run every contender in turn, several rounds, and print the best of each."""
    warnings.simplefilter("ignore")
    texts = passages(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    contenders = {f"bare, batches of {size}": bare(size) for size in (1, 8, 32)}
    contenders["strongroom"] = load_text_embedder(Settings(), ModelStore()).embed
    vectors = {name: run(texts) for name, run in contenders.items()}
    best = dict.fromkeys(contenders, float("inf"))
    for _ in range(ROUNDS):
        for name, run in contenders.items():
            best[name] = min(best[name], seconds(run, texts))
    fastest = min(value for name, value in best.items() if name != "strongroom")
    table = Table(title=f"{len(texts)} passages of {WORDS} words, one thread, best of {ROUNDS}", title_justify="left")
    for heading in ("", "passages/s/core", "of the fastest bare loop", "least cosine to it"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, value in best.items():
        cosine = float((vectors[name] * vectors["bare, batches of 1"]).sum(axis=1).min())
        table.add_row(name, f"{len(texts) / value:.1f}", f"{fastest / value:.2f}", f"{cosine:.4f}")
    Console().print(table)


if __name__ == "__main__":
    main()
