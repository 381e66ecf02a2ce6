"""Compare LiteRT with onnxruntime-web on COCO-SSD, in the page's own worker.

    python3 build.py build
    python3 build.py run bench/experiments/litert.py dist

One tab has a worker for each way to run; they take turns with the sample picture at the network's
size. Prints for each the time to open it, median and 95th percentile of a run, and the ratio of the
medians at the same number of threads.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

from browsers.chromium import launched
from browsers.clip import PICTURE
from builder.browser import find_chromium
from speed.host import hosting

MEASURE = """
(async ({ site, rounds, counts }) => {
  const html = await (await fetch(site)).text();
  const build = JSON.parse(/id="obscura-build">(.*?)<\\/script>/s.exec(html)[1]);
  const whole = (urls) =>
    Object.fromEntries(Object.entries(urls).map(([key, url]) => [key, new URL(url, site).href]));
  const model = build.models.find(({ name }) => name === "cocossd");
  const network = await (await fetch(new URL(model.url, site))).arrayBuffer();
  const picture = await createImageBitmap(await (await fetch(new URL(build.sample, site))).blob());
  const context = new OffscreenCanvas(300, 300).getContext("2d");
  context.drawImage(picture, 0, 0, 300, 300);
  const { data } = context.getImageData(0, 0, 300, 300);
  const runtime = whole(build.ort.wasm);

  const ways = [];
  for (const threads of counts) {
    const name = threads > 1 ? "litert-threads" : "litert-simd";
    const { module, builds, cores } = build.litert;
    const litert = { ...whole({ module, core: cores.cocossd, ...builds[name] }), threads };
    for (const [backend, more] of [["wasm", {}], ["litert", { litert }]]) {
      const type = backend === "litert" ? "classic" : "module";
      const worker = new Worker(new URL(build.engine, site), { type, name: "bench" });
      let id = 0;
      const call = (message) =>
        new Promise((resolve, reject) => {
          worker.onmessage = ({ data: answer }) =>
            answer.error ? reject(new Error(answer.error)) : resolve(answer);
          worker.postMessage({ id: ++id, ...message });
        });
      const begun = performance.now();
      await call({ call: "open", runtime, backend, threads, model: network, ...more });
      const opened = performance.now() - begun;
      const run = () => call({ call: "run", pixels: data.slice().buffer, width: 300, height: 300 });
      ways.push({ backend, threads, opened, run, ms: [] });
    }
  }
  for (let round = -5; round < rounds; round++) {
    for (const { run, ms } of ways) {
      const begun = performance.now();
      await run();
      if (round >= 0) ms.push(performance.now() - begun);
    }
  }
  return ways.map(({ backend, threads, opened, ms }) => ({ backend, threads, opened, ms }));
})(ARGUMENTS)
"""


def report(ways: list[dict[str, Any]]) -> str:
    """Return a table in Markdown."""
    lines = [
        "| engine | threads | opened in | run, median | p95 | ratio |",
        "|---|---|---|---|---|---|",
    ]
    base: dict[int, float] = {}
    for way in ways:
        median = statistics.median(way["ms"])
        late = statistics.quantiles(way["ms"], n=20)[-1]
        ratio = median / base.setdefault(way["threads"], median)
        lines.append(
            f"| {way['backend']} | {way['threads']} | {way['opened']:.0f} ms | {median:.1f} ms "
            f"| {late:.1f} ms | {ratio:.2f} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Measure, and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", type=Path, help="the built site")
    parser.add_argument("--rounds", type=int, default=60, help="runs of each (default: 60)")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="default: 1 2")
    args = parser.parse_args()
    with (
        hosting(args.site, isolated=True) as host,
        launched(find_chromium(Path(sys.executable)), PICTURE) as browser,
    ):
        tab = browser.tab(browser.context())
        tab.open(f"{host.url}LICENSE")
        given = {"site": host.url, "rounds": args.rounds, "counts": args.threads}
        ways = tab.evaluate(MEASURE.replace("ARGUMENTS", json.dumps(given)), timeout_s=600)
    print(report(ways), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
