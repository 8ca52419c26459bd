"""Transcription: bare faster-whisper, batched, against Strongroom in one run; words got wrong; what silence costs; memory.

Usage: python bench/speech.py [--minutes N] [--beam N] [--corpus FOLDER]

The reading is the opening of A Tale of Two Cities, which the demo's package moonshine-voice carries. A folder adds recordings:
NAME.wav with what is said in NAME.txt.
"""

import argparse
import re
import resource
import time
import unicodedata
import wave
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel
from rich.console import Console
from rich.table import Table

from strongroom.models.cards import Installed
from strongroom.models.store import ModelStore
from strongroom.models.voices import load_voices
from strongroom.models.whisper import BATCH, Whisper
from strongroom.models.zoo import WHISPER_BASE
from strongroom.ports.tools import RATE, Sound

READING = Installed(package="moonshine_voice", path="assets/two_cities.wav")
TOLD = """It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, it was
the epoch of belief, it was the epoch of incredulity, it was the season of Light, it was the season of Darkness, it was the
spring of hope, it was the winter of despair, we had everything before us, we had nothing before us, we were all going direct
to Heaven, we were all going direct the other way: in short, the period was so far like the present period, that some of its
noisiest authorities insisted on its being received, for good or for evil, in the superlative degree of comparison only."""
UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
]
UNITS += ["eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
console = Console()


def read(file: Path) -> Sound:
    """Read a WAV file of 16 bits as one channel of 16 kHz, between samples by straight lines."""
    with wave.open(str(file)) as stream:
        data = np.frombuffer(stream.readframes(stream.getnframes()), "<i2").reshape(-1, stream.getnchannels())
        rate = stream.getframerate()
    mono = data.mean(axis=1) / 32768
    at = np.arange(int(len(mono) * RATE / rate)) * rate / RATE
    return np.interp(at, np.arange(len(mono)), mono).astype(np.float32)


def spell(number: int) -> str:
    """Write a number below a million in words."""
    for size, name in ((1000, "thousand"), (100, "hundred")):
        if number >= size:
            return f"{spell(number // size)} {name}" + (f" {spell(number % size)}" if number % size else "")
    if number < len(UNITS):
        return UNITS[number]
    return TENS[number // 10 - 2] + (f" {UNITS[number % 10]}" if number % 10 else "")


def words(text: str) -> list[str]:
    """Give the words of a text without case, punctuation and figures."""
    plain = unicodedata.normalize("NFKD", text.lower()).replace("%", " percent").replace("mister", "mr")
    plain = re.sub(r"(\d),(\d{3})", r"\1\2", plain)
    plain = re.sub(r"\d{1,6}", lambda found: f" {spell(int(found[0]))} ", plain)
    return re.sub(r"[^a-z0-9 ]+", " ", re.sub("['\u2019]", "", plain)).split()


def errors(told: Sequence[str], heard: Sequence[str]) -> int:
    """Count the words put in, left out and mistaken (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for index, one in enumerate(told, 1):
        before, row[0] = row[0], index
        for at, other in enumerate(heard, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (one != other))
    return row[-1]


def makers(beam: int) -> dict[str, Callable[[Sound], str]]:
    """Give the ways to write down a sound, all on one thread."""
    directory = ModelStore().place(WHISPER_BASE)
    bare = BatchedInferencePipeline(WhisperModel(str(directory), device="cpu", compute_type="int8", cpu_threads=1))
    voices, ours = load_voices(ModelStore()), Whisper(directory, beam=beam)

    def plainly(sound: Sound) -> str:
        segments, _ = bare.transcribe(sound, beam_size=beam, batch_size=BATCH, word_timestamps=True)
        return " ".join(segment.text for segment in segments)

    def here(sound: Sound) -> str:
        return " ".join(one.text for one in ours.transcribe(sound, voices.spans(sound)))

    return {"faster-whisper": plainly, "Strongroom": here}


def recordings(minutes: float, corpus: Path | None) -> dict[str, tuple[Sound, str]]:
    """Give sounds with what is said in them."""
    place = READING.locate()
    assert place is not None, "pip install moonshine-voice"
    reading = np.pad(read(place), (0, RATE))
    times = max(1, round(minutes * 60 * RATE / len(reading)))
    found = {f"the reading, {times} times": (np.tile(reading, times), f"{TOLD} " * times)}
    for file in sorted(corpus.glob("*.wav")) if corpus else ():
        found[file.stem] = (read(file), file.with_suffix(".txt").read_text("utf-8"))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--beam", type=int, default=1)
    parser.add_argument("--corpus", type=Path)
    given = parser.parse_args()
    ways = makers(given.beam)
    table = Table("recording", "way", "CPU s", "times real time", "word error rate", "of the bare work")
    for name, (sound, told) in recordings(given.minutes, given.corpus).items():
        bare = 0.0
        for way, write in ways.items():
            start = time.process_time()
            heard = words(write(sound))
            spent = time.process_time() - start
            bare = bare or spent
            rate = errors(words(told), heard) / len(words(told))
            table.add_row(name, way, f"{spent:.1f}", f"{len(sound) / RATE / spent:.1f}", f"{rate:.3f}", f"{bare / spent:.2f}")
    console.print(table)
    for name, sound in silences().items():
        start = time.process_time()
        heard = ways["Strongroom"](sound)
        console.print(f"an hour of {name}: {time.process_time() - start:.2f} CPU s, {len(heard.split())} words")
    console.print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB, both models included")


def silences() -> dict[str, Sound]:
    """Give an hour of digital silence and one of a quiet room."""
    noise = np.random.default_rng(1).standard_normal(60 * RATE).astype(np.float32) * np.float32(0.001)
    return {"digital silence": np.zeros(3600 * RATE, np.float32), "a quiet room": np.tile(noise, 60)}


if __name__ == "__main__":
    main()
