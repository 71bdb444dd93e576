"""How long reports take at scale. `pytest tests/benchmarks/bench_reports.py` prints it; nothing fails by it.

The aims: a report of 3,000 rules on 20 targets is rendered in 15 s to 8 MB, is ready in the browser in 1.5 s
and answers a search in 1 s; 1,000 runs of 3,000 rules are merged in 2 minutes.
"""

import shutil
from dataclasses import replace

import pytest
from playwright.sync_api import sync_playwright

from reports.__main__ import main
from reports.files import RESULTS, write_results
from reports.pages.html import render
from reports.publish import publish
from tests.reports.conftest import CHROMIUM
from tests.reports.examples import made_up


def test_render_3000_rules_on_20_targets(benchmark):
    report = made_up(3000, 20)
    html = benchmark.pedantic(render, (report,), rounds=5)

    benchmark.extra_info["megabytes"] = round(len(html.encode()) / 1e6, 2)
    print(f"\n{len(html.encode()) / 1e6:.2f} MB")


def test_publish_3000_rules_on_20_targets(benchmark, tmp_path):
    benchmark.pedantic(publish, (tmp_path, made_up(3000, 20)), rounds=5)


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
@pytest.mark.parametrize("asked", ["ready", "searched"])
def test_answer_in_the_browser(benchmark, tmp_path, asked):
    path = publish(tmp_path, made_up(3000, 20))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()

        def load():
            page.goto(path.as_uri())
            page.wait_for_selector("html[data-ready]")

        def search():
            page.fill("#search", "cuda:17:broken")
            page.fill("#search", "")

        load()
        benchmark.pedantic(load if asked == "ready" else search, rounds=5)
        browser.close()


@pytest.mark.parametrize("runs", [100, 1000])
def test_merge_runs(benchmark, tmp_path, runs):
    report = made_up(3000, 1)
    for number in range(runs):
        started = f"2026-01-{1 + number // 1000:02}T{number // 60 % 24:02}:{number % 60:02}:00+00:00"
        write_results(
            tmp_path / "runs" / str(number) / RESULTS,
            replace(report, run=replace(report.run, started=started)),
        )
    command = ["merge", *map(str, (tmp_path / "runs").iterdir()), "-o", str(tmp_path / "all")]
    benchmark.pedantic(main, (command,), rounds=1)
    shutil.rmtree(tmp_path)
