"use strict";
// The number that a cell begins with, or that follows its equals sign; "< .001" comes before ".001".
const sizeOf = (text) => {
  const found = /^(?:[^=]*=\s*)?(<?)\s*(-?\d*\.?\d+)/.exec(text.replace("\u2212", "-"));
  return found ? Number(found[2]) - (found[1] ? 1e-9 : 0) : NaN;
};
const inWords = new Intl.Collator("en", { numeric: true }).compare;
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
      const text = (row) => row.cells[place].innerText.trim();
      const ofNumbers = rows.every((row) => !text(row) || !Number.isNaN(sizeOf(text(row))));
      const compare = (a, b) => (ofNumbers && sizeOf(a) - sizeOf(b)) || inWords(a, b);
      // Empty cells stay last.
      rows.sort((a, b) => !text(a) - !text(b) || (rising ? 1 : -1) * compare(text(a), text(b)));
      table.tBodies[0].append(...rows);
    });
  }
}
