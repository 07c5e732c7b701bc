"use strict";
/* Tables are complete without this script; it adds sorting by column and filters. */
(() => {
  const text = (row, k) => row.cells[k].textContent.trim();
  const number = (value) => (value === "" ? Number.NaN : Number(value));

  function compare(a, b) {
    const [x, y] = [number(a), number(b)];
    if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
    return a.localeCompare(b, "en", { numeric: true });
  }

  function sort(table, k, direction) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    rows.sort((a, b) => {
      const [x, y] = [text(a, k), text(b, k)];
      if (!x || !y) return (x ? 0 : 1) - (y ? 0 : 1); // empty cells last, either way
      return direction * compare(x, y);
    });
    body.append(...rows);
    [...table.tHead.rows[0].cells].forEach((cell, n) => {
      if (n === k) cell.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    });
  }

  function makeSortable(table) {
    [...table.tHead.rows[0].cells].forEach((cell, k) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = cell.textContent;
      button.addEventListener("click", () => {
        sort(table, k, cell.getAttribute("aria-sort") === "ascending" ? -1 : 1);
      });
      cell.replaceChildren(button);
    });
  }

  function filter(form, table) {
    const columns = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = [...form.querySelectorAll("select")].filter((select) => select.value);
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      const all = row.textContent.toLowerCase();
      const fits = wanted.every((s) => text(row, columns.indexOf(s.name)) === s.value)
        && words.every((word) => all.includes(word));
      row.hidden = !fits;
      shown += fits;
    }
    form.elements.shown.value = `${shown} of ${table.tBodies[0].rows.length} rows`;
  }

  for (const table of document.querySelectorAll("table.sortable")) makeSortable(table);
  const form = document.getElementById("filters");
  const table = document.querySelector("table.sortable");
  if (form && table) {
    form.hidden = false;
    form.addEventListener("input", () => filter(form, table));
    form.addEventListener("submit", (event) => event.preventDefault());
    filter(form, table);
  }
})();
