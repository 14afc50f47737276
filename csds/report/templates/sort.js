"use strict";
for (const table of document.querySelectorAll("table.sorts")) {
  const heads = [...table.tHead.rows[0].cells];
  for (const [place, head] of heads.entries()) {
    const button = head.querySelector("button");
    if (!button) continue;
    button.addEventListener("click", () => {
      const rising = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows];
      const compare = new Intl.Collator("en", { numeric: true }).compare;
      rows.sort((a, b) => (rising ? 1 : -1) * compare(a.cells[place].innerText, b.cells[place].innerText));
      table.tBodies[0].append(...rows);
    });
  }
}
