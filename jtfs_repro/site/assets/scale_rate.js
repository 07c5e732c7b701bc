"use strict";
/* The matrix of cells and the response of the chosen one. */
(() => {
  const byId = (id) => document.getElementById(id);
  const make = (tag, properties, text) => {
    const node = Object.assign(document.createElement(tag), properties);
    if (text !== undefined) node.textContent = text;
    return node;
  };

  function animation() {
    const [image, button] = [byId("animation"), byId("animate")];
    if (!image) return;
    button.hidden = false;
    const set = (runs) => {
      image.src = runs ? image.dataset.gif : image.dataset.still;
      button.textContent = runs ? "Stop" : "Play";
      button.setAttribute("aria-pressed", String(runs));
    };
    button.addEventListener("click", () => set(button.getAttribute("aria-pressed") !== "true"));
  }
  animation();

  const DATA = window.SITE.scale_rate;
  if (!DATA.sounds.length) return;
  const RANGE_DB = 40;
  const show = (value) => String(Number(value.toPrecision(3)));
  const SPINS = { "1": "spin +1 (rising; θ = −1 in the paper)",
    "-1": "spin −1 (falling; θ = +1 in the paper)", "0": "no spin" };
  const state = { sound: null, sheet: null, cells: [], at: null, shown: -1, kept: -1 };

  function describe(cell) {
    const rate = cell.rate ? `rate ${show(cell.rate)} Hz` : "rate φ (low-pass in time)";
    const scale = cell.scale ? `scale ${show(cell.scale)} cycles/octave`
      : "scale φ (low-pass in frequency)";
    const energy = cell.db === null ? "no energy" : `energy ${cell.db.toFixed(1)} dB`;
    return `${rate}, ${scale}, ${SPINS[cell.spin]}, ${energy}`;
  }
  function colour(db) {
    const share = db === null ? 0 : Math.min(Math.max(1 + db / RANGE_DB, 0), 1);
    return DATA.colours[Math.round(share * (DATA.colours.length - 1))];
  }

  /* A cell without spin but with a scale (low-pass in time) stands in the lower half. */
  function find(line, rate) {
    return state.sound.cells.findIndex((cell) => cell.rate === rate && cell.scale === line.scale
      && (cell.spin === line.spin || (cell.scale > 0 && cell.spin === 0 && line.spin === -1)
        || (cell.scale === 0 && line.spin === 0)));
  }

  function build() {
    const { rates, lines } = state.sound;
    const head = make("tr");
    head.append(make("td", { className: "blank" }), make("th", { scope: "col" }, "cyc/oct"));
    head.lastChild.className = "scale";
    head.append(...rates.map((rate) => make("th", { scope: "col" }, rate ? show(rate) : "φ")));
    const title = make("tr");
    title.append(make("td", { className: "blank", colSpan: 2 }),
      make("th", { colSpan: rates.length, scope: "colgroup" }, "rate (Hz)"));
    const columns = make("colgroup");
    columns.append(make("col", { className: "spins" }), make("col", { className: "scales" }),
      make("col", { span: rates.length }));
    const thead = make("thead");
    thead.append(title, head);
    const tbody = make("tbody");
    state.at = lines.map((line, y) => {
      const row = make("tr", { className: line.spin ? "" : "middle" });
      if (y === 0 || lines[y - 1].spin !== line.spin) row.append(spinHead(line, lines));
      row.append(make("th", { scope: "row", className: "scale" },
        line.scale ? show(line.scale) : "φ"));
      const cells = rates.map((rate, x) => addCell(row, find(line, rate), x, y));
      tbody.append(row);
      return cells;
    });
    byId("matrix").style.minWidth = `${5 + 2.6 * rates.length}rem`;
    byId("matrix").replaceChildren(columns, thead, tbody);
  }
  function spinHead(line, lines) {
    const words = { "1": "spin +1, rising", "-1": "spin −1, falling", "0": "" };
    return make("th", { className: "spin", scope: "rowgroup",
      rowSpan: lines.filter((other) => other.spin === line.spin).length }, words[line.spin]);
  }
  function addCell(row, k, x, y) {
    const td = make("td");
    td.setAttribute("role", "gridcell");
    row.append(td);
    if (k < 0) {
      td.className = "blank";
      return null;
    }
    const cell = state.sound.cells[k];
    td.tabIndex = -1;
    td.style.background = colour(cell.db);
    td.setAttribute("aria-label", describe(cell));
    td.addEventListener("pointerenter", () => view(k));
    td.addEventListener("pointerleave", () => view(state.kept));
    td.addEventListener("focus", () => keep(k));
    td.addEventListener("click", () => td.focus());
    state.cells[k] = { td, x, y };
    return k;
  }

  function keep(k) {
    for (const cell of state.cells) if (cell) cell.td.tabIndex = -1;
    state.cells[k].td.tabIndex = 0;
    state.kept = k;
    view(k);
  }
  function view(k) {
    if (k < 0) return;
    for (const cell of state.cells) if (cell) cell.td.classList.remove("is-shown");
    state.cells[k].td.classList.add("is-shown");
    state.shown = k;
    const words = describe(state.sound.cells[k]);
    byId("said").textContent = words[0].toUpperCase() + words.slice(1);
    const canvas = byId("response");
    canvas.dataset.cell = k;
    canvas.setAttribute("aria-label", `Response of ${state.sound.title}: ${words}`);
    paint();
  }
  function paint() {
    const { rows, frames, sheet_columns } = state.sound;
    if (!state.sheet.complete || !state.sheet.naturalWidth || state.shown < 0) return;
    const canvas = byId("response");
    const context = canvas.getContext("2d");
    const [x, y] = [state.shown % sheet_columns, Math.floor(state.shown / sheet_columns)];
    context.imageSmoothingQuality = "high";
    context.drawImage(state.sheet, x * frames, y * rows, frames, rows,
      0, 0, canvas.width, canvas.height);
  }

  function step(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const ends = { Home: -Infinity, End: Infinity };
    if (state.kept < 0 || !(event.key in moves || event.key in ends)) return;
    event.preventDefault();
    let { x, y } = state.cells[state.kept];
    const [dx, dy] = moves[event.key] || [Math.sign(ends[event.key]), 0];
    let found = null;
    do { // over blanks to the next cell; Home and End to the last one
      x += dx;
      y += dy;
      const k = state.at[y] === undefined ? undefined : state.at[y][x];
      if (k === undefined) break;
      if (k !== null) found = k;
    } while (found === null || event.key in ends);
    if (found !== null) state.cells[found].td.focus();
  }

  function ticks(sound) {
    const label = (value) => (value >= 1000 ? `${value / 1000}k` : String(value));
    const fill = (boxes, side, ticks, words) => {
      for (const box of document.querySelectorAll(boxes)) {
        box.replaceChildren(...ticks.map(({ value, place }) => {
          const tick = make("span", {}, words(value));
          tick.style[side] = `${place}%`;
          return tick;
        }));
      }
    };
    fill(".explorer .ticks-y", "top", sound.frequency_ticks, label);
    fill(".explorer .ticks-x", "left", sound.time_ticks, String);
  }

  function choose(n) {
    const sound = DATA.sounds[n];
    Object.assign(state, { sound, cells: [], shown: -1, kept: -1, sheet: new Image() });
    state.sheet.addEventListener("load", paint);
    state.sheet.src = sound.sheet;
    byId("scalogram").src = sound.scalogram;
    byId("scalogram").alt = `Scalogram of ${sound.title}`;
    ticks(sound);
    build();
    const directed = sound.cells.map((cell, k) => [cell.spin && cell.db !== null ? cell.db : -999, k]);
    keep(directed.reduce((best, pair) => (pair[0] > best[0] ? pair : best))[1]);
  }

  byId("gradient").style.background = `linear-gradient(90deg, ${DATA.colours.join(", ")})`;
  byId("matrix").addEventListener("keydown", step);
  byId("sound").addEventListener("change", (event) => choose(Number(event.target.value)));
  choose(0);
})();
