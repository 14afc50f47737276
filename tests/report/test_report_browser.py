"""A browser shows the report without a complaint, and its tables sort."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from csds.report.formats import write_html_report

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="there is no Chromium on this machine"),
    pytest.mark.slow,
]

#: Sorts the first table by its first column, twice, and says what then stands first.
_SORT = """
<script>
addEventListener("load", () => {
  const button = document.querySelector("table.sorts th button");
  button.click();
  button.click();
  document.title = "sorted:" + document.querySelector("table.sorts tbody tr").cells[0].innerText +
    "|broken:" + [...document.images].filter((image) => image.loading !== "lazy" && !image.naturalWidth).length;
});
</script>
"""


def opened(page: Path, profile: Path) -> tuple[str, str]:
    """Return the page as the browser made it, and what it complained of."""
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
        "--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=True)
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, "\n".join(console)


def test_page_opens_without_a_complaint_and_sorts(results, tmp_path: Path) -> None:
    folder = results()
    page = write_html_report(folder, folder / "report.html")
    text = page.read_text(encoding="utf-8").replace("</body>", f"{_SORT}</body>")
    page.write_text(text, encoding="utf-8")
    made, console = opened(page, tmp_path / "profile")
    assert console == ""
    title = re.search(r"<title>(.*?)</title>", made)
    assert title
    assert title[1].startswith("sorted:treatment")
    assert title[1].endswith("|broken:0")
