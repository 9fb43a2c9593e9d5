"""A picture of king in Neo4j Browser, from the running managed server: `make screenshot`.

Needs Debian's chromium package (or CHROMIUM naming another build) and the demo's graph.
"""

from __future__ import annotations

import os
import shutil
import sys
import urllib.parse
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from hartonomous.store.server import default_home, running_address

HERE = Path(__file__).parent
QUERY = "MATCH p = (:Token {text: 'king'})-[r:RELATES]-(d:Token) RETURN p ORDER BY r.consensus DESC LIMIT 14"
CALL = "CALL custom.hartonomous.neighbours('king')"


def main() -> None:
    address = running_address(default_home())
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if address is None or chromium is None:
        sys.exit("The managed server must run ('make demo'), and Chromium must be installed.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{address.browser}&cmd=edit&arg={urllib.parse.quote(QUERY)}")
        page.fill("[data-testid=password]", address.password)
        page.click("[data-testid=connect]")
        page.wait_for_selector("[data-testid=editor-Run]")
        style(page)
        run(page)
        page.wait_for_selector("circle.ring, g.node", timeout=30_000)
        page.wait_for_timeout(6_000)
        page.screenshot(path=HERE / "pictures" / "browser-king.png")
        page.goto(f"{address.browser}&cmd=edit&arg={urllib.parse.quote(CALL)}")
        page.wait_for_selector("[data-testid=editor-Run]")
        run(page)
        page.wait_for_timeout(3_000)
        page.screenshot(path=HERE / "pictures" / "browser-call.png")
        browser.close()


def style(page: Page) -> None:
    """Drop the style file onto the window, as a person would."""
    transfer = page.evaluate_handle(
        """text => {
            const data = new DataTransfer();
            data.items.add(new File([text], 'browser.grass', {type: 'text/plain'}));
            return data;
        }""",
        (HERE / "browser.grass").read_text("utf-8"),
    )
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("body", event, {"dataTransfer": transfer})
    page.wait_for_timeout(1_000)


def run(page: Page) -> None:
    page.click("[data-testid=editor-Run]")


if __name__ == "__main__":
    main()
