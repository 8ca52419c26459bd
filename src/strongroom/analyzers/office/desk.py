"""A script that keeps one LibreOffice warm and converts files on demand; it runs under the Python that has ``uno``.

It imports nothing of Strongroom. It is told in JSON lines on standard input (``in``, ``pdf``, ``odf``, ``family``) and answers
one JSON line each on standard output. When standard input ends, because its worker is gone, it ends LibreOffice, removes its
folder and goes too.

    python3 desk.py SOFFICE FOLDER            stays and converts
    python3 desk.py SOFFICE FOLDER FILE INTO  makes one PDF without speaking to LibreOffice, and ends
"""

import contextlib
import json
import os
import queue
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import uno
from com.sun.star.beans import PropertyValue  # type: ignore[import-not-found]

_START_SECONDS = 60
_MEMORY = 8 * 1024**3
"""Bytes of address space that LibreOffice may map."""
_SHEET_PAGES = "1-100"
"""Of a spreadsheet: it can print as thousands of pages, which nobody turns."""
_FORMS = {
    "text": ("com.sun.star.text.GenericTextDocument", "writer_pdf_Export", "writer8"),
    "sheet": ("com.sun.star.sheet.SpreadsheetDocument", "calc_pdf_Export", "calc8"),
    "slides": ("com.sun.star.presentation.PresentationDocument", "impress_pdf_Export", "impress8"),
    "drawing": ("com.sun.star.drawing.DrawingDocument", "draw_pdf_Export", "draw8"),
}
_PLAIN = ("Text", "Text (encoded)", "Text - txt - csv (StarCalc)", "writer_web_HTML", "HTML (StarWriter)", "generic_Text")
_XCU = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop>
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop>
<prop oor:name="DisableActiveContent" oor:op="fuse"><value>true</value></prop>
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update">
<prop oor:name="Link" oor:op="fuse"><value>2</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update">
<prop oor:name="Link" oor:op="fuse"><value>2</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings">
<prop oor:name="ooInetProxyType" oor:op="fuse"><value>2</value></prop>
<prop oor:name="ooInetNoProxy" oor:op="fuse"><value></value></prop>
<prop oor:name="ooInetHTTPProxyName" oor:op="fuse"><value>127.0.0.1</value></prop>
<prop oor:name="ooInetHTTPProxyPort" oor:op="fuse"><value>9</value></prop>
<prop oor:name="ooInetHTTPSProxyName" oor:op="fuse"><value>127.0.0.1</value></prop>
<prop oor:name="ooInetHTTPSProxyPort" oor:op="fuse"><value>9</value></prop></item>
</oor:items>
"""
"""No macros, no updating of links, and a proxy that is not there, so that no document reaches a network."""


def main() -> None:
    """Start LibreOffice, then convert until standard input ends."""
    soffice, folder = sys.argv[1], Path(sys.argv[2])
    if len(sys.argv) > 3:  # noqa: PLR2004
        sys.exit(_launch(soffice, folder, "--convert-to", "pdf", "--outdir", sys.argv[4], sys.argv[3]).wait())
    orders: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(orders, folder), daemon=True).start()
    desktop = _connect(_start(soffice, folder))
    _say({"ready": True})
    while True:
        order = json.loads(orders.get())
        try:
            _say(_convert(desktop, order))
        except Exception as error:  # noqa: BLE001 - UNO raises classes of its own making
            name = type(error).__name__.rpartition(".")[2]
            _say({"error": f"{name}: {str(error)[:300]}", "dead": name in ("DisposedException", "RuntimeException")})


def _listen(orders: "queue.Queue[str]", folder: Path) -> None:
    for line in sys.stdin:
        orders.put(line)
    _leave(folder)


def _leave(folder: Path) -> None:
    """End the whole process group, LibreOffice in it."""
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _start(soffice: str, folder: Path) -> str:
    pipe = f"strongroom-{os.getpid()}"
    _launch(soffice, folder, f"--accept=pipe,name={pipe};urp;")
    return pipe


def _launch(soffice: str, folder: Path, *more: str) -> "subprocess.Popen[bytes]":
    """Start LibreOffice with a profile of its own, no network, and bounded memory."""
    user = folder / "profile" / "user"
    user.mkdir(parents=True, exist_ok=True)
    (user / "registrymodifications.xcu").write_text(_XCU, "utf-8")
    dead = "http://127.0.0.1:9"
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "no_proxy")}
    environment |= {"http_proxy": dead, "https_proxy": dead, "all_proxy": dead, "HOME": str(folder), "SAL_USE_VCLPLUGIN": "svp"}
    options = ["--headless", "--invisible", "--nologo", "--nodefault", "--norestore", "--nolockcheck", "--nofirststartwizard"]
    return subprocess.Popen(  # noqa: S603 - the path comes from a look-up of soffice, and nothing from a document
        [soffice, *options, f"-env:UserInstallation={(folder / 'profile').as_uri()}", *more],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY)),  # noqa: PLW1509 - before any thread forks
    )


def _connect(pipe: str) -> Any:
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        except Exception:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def _convert(desktop: Any, order: dict[str, Any]) -> dict[str, Any]:
    load = _values(Hidden=True, ReadOnly=True, MacroExecutionMode=0, UpdateDocMode=0)
    document = desktop.loadComponentFromURL(Path(order["in"]).as_uri(), "_blank", 0, load)
    if document is None:
        return {"error": "LibreOffice does not open it"}
    try:
        used = next((value.Value for value in document.getArgs() if value.Name == "FilterName"), "")
        if used in _PLAIN:
            return {"error": f"LibreOffice takes it for plain text ({used})"}
        service, pdf, odf = next((form for form in _FORMS.values() if document.supportsService(form[0])), (None, None, None))
        if service is None:
            return {"error": "LibreOffice takes it for another kind of document"}
        answer = {"filter": used, "family": next(name for name, form in _FORMS.items() if form[0] == service)}
        for key, name in (("odf", odf), ("pdf", pdf)):
            if order.get(key):
                try:
                    document.storeToURL(Path(order[key]).as_uri(), _export(str(name)))
                    answer[key] = order[key]
                except Exception as error:  # noqa: BLE001 - UNO raises classes of its own making
                    answer[f"{key}_error"] = f"{type(error).__name__}: {str(error)[:300]}"
        return answer
    finally:
        with contextlib.suppress(Exception):
            document.close(True)


def _export(name: str) -> tuple[Any, ...]:
    if not name.endswith("_pdf_Export"):
        return _values(FilterName=name)
    options: dict[str, Any] = {
        "ExportHiddenSlides": True,
        "ReduceImageResolution": True,
        "MaxImageResolution": 150,
        "Quality": 80,
    }
    if name.startswith("calc"):
        options["PageRange"] = _SHEET_PAGES
    return _values(FilterName=name, FilterData=uno.Any("[]com.sun.star.beans.PropertyValue", _values(**options)))


def _values(**pairs: Any) -> tuple[Any, ...]:
    found = []
    for name, value in pairs.items():
        one = PropertyValue()
        one.Name = name
        one.Value = uno.Any("short", value) if name in ("MacroExecutionMode", "UpdateDocMode") else value
        found.append(one)
    return tuple(found)


if __name__ == "__main__":
    main()
