"""Warm browser profiles: a visit begins with nothing stored, but with the site's code at hand.

Starting the page takes 3.4 s of processor time in a new profile and 1.8 s in a warm one. The
difference is V8 compiling the WebAssembly of Pyodide and onnxruntime, which it shares between the
pages of one process, and reading 22 MB that the HTTP cache has. So a warm profile keeps one page
open, the keeper, that holds the compiled modules, and the browser runs all pages of the site in the
keeper's process.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page

from builder.serve import ISOLATION

ONE_PROCESS = "--process-per-site"
"""The flag of a browser that a warm profile needs."""

COMPILE = """async (addresses) => {
  globalThis.modules = [];
  for (const address of addresses) {
    modules.push(await WebAssembly.compileStreaming(fetch(address)));
  }
}"""

CLEAR = """async () => {
  localStorage.clear();
  for (const { name } of await indexedDB.databases()) {
    await new Promise((done, failed) => {
      const request = indexedDB.deleteDatabase(name);
      request.onsuccess = done;
      request.onerror = () => failed(request.error);
    });
  }
  for (const name of await caches.keys()) await caches.delete(name);
}"""


class WarmProfile:
    """A browser context that visits use one after the other."""

    def __init__(self, browser: Browser, url: str, dist: Path) -> None:
        """
        Args:
            url: the site's address.
            dist: the folder that is served there.
        """
        self.context = browser.new_context(service_workers="block")
        self.taken = False
        self._keeper = self.context.new_page()
        empty = "<!doctype html><title>keeper</title><link rel='icon' href='data:,'>"
        self._keeper.route(
            f"{url}keeper.html",
            lambda route: route.fulfill(body=empty, content_type="text/html", headers=ISOLATION),
        )
        self._keeper.goto(f"{url}keeper.html")
        modules = [
            *dist.glob("pyodide-*/*.wasm"),
            *dist.glob("ort-*/ort-wasm-simd-threaded.wasm"),
        ]
        addresses = [f"{url}{path.relative_to(dist).as_posix()}" for path in modules]
        self._keeper.evaluate(COMPILE, addresses)

    def open(self, init: str = "") -> Page:
        """Return a new page of a profile in which nothing is stored.

        Args:
            init: a script to run before the page's own.
        """
        self.taken = True
        self._keeper.evaluate(CLEAR)
        page = self.context.new_page()
        if init:
            page.add_init_script(init)
        return page

    def release(self) -> None:
        """Close all pages of the visit, and undo what it has made of the network."""
        for page in self.context.pages:
            if page is not self._keeper:
                page.close()
        self.context.unroute_all()
        self.context.set_offline(False)
        self.taken = False
