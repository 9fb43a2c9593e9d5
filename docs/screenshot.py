"""A picture of king in Neo4j Browser, from the running managed server: `make screenshot`.

Needs Debian's chromium package (or CHROMIUM naming another build) and the demo's graph.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from hartonomous.server.managed_server import default_home, running_address

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
        page.goto(address.browser)
        page.fill("[data-testid=password]", address.password)
        page.click("[data-testid=connect]")
        page.wait_for_selector("[data-testid=editor-Run]")
        page.wait_for_timeout(3_000)
        grass = " ".join((HERE / "browser.grass").read_text("utf-8").split())
        submit(page, f":style {grass}")
        submit(page, ":config autoComplete: false")
        for query, name in ((QUERY, "browser-king.png"), (CALL, "browser-call.png")):
            submit(page, ":clear")
            submit(page, query)
            page.wait_for_timeout(6_000)
            page.screenshot(path=HERE / "pictures" / name)
        browser.close()


def submit(page: Page, text: str) -> None:
    """Put a query or a command into Browser's editor and run it."""
    page.locator("[data-testid=activeEditor] textarea").focus()
    page.keyboard.insert_text(text)
    page.wait_for_timeout(500)
    page.click("[data-testid=editor-Run]")
    page.wait_for_timeout(1_500)


if __name__ == "__main__":
    main()
