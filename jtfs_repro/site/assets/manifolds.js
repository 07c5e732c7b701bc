"use strict";
/* Embeddings of chirps: turn, colour, mark and hear them. */
(() => {
const DATA = window.SITE.manifolds;
const byId = (id) => document.getElementById(id);
const P = DATA.parameters;
const SELECTED = { size: 6, color: "#d1692d", symbol: "circle-open", line: { width: 3 } };
const show = (value) => String(Number(value.toPrecision(4)));
const describe = (i) => P.map((p) => `${p.symbol} ${show(p.values[i])} ${p.unit}`).join(", ");
const plots = [];
let chosen = -1;

/* Sound: Eq. (5), synthesised from the parameters at the browser's own sample rate. */
function chirp(f_c, f_m, gamma, sr) {
  const sd = 0.1 * DATA.bandwidth / gamma;
  const half = Math.ceil(4 * sd * sr);
  const samples = new Float32Array(2 * half + 1);
  const rate = 2 * Math.PI * f_c / (gamma * Math.LN2);
  for (let n = -half; n <= half; n += 1) {
    const t = n / sr;
    const window = Math.exp(-0.5 * (t / sd) ** 2);
    const phase = rate * Math.expm1(Math.LN2 * gamma * t);
    samples[n + half] = 0.5 * window * Math.sin(2 * Math.PI * f_m * t) * Math.sin(phase);
  }
  return samples;
}
const sound = { context: null, source: null };
function unlock() {
  if (!sound.context) sound.context = new AudioContext();
  if (sound.context.state === "suspended") sound.context.resume();
}
function play(i) {
  const { context } = sound;
  if (!context) return;
  if (sound.source) sound.source.stop();
  const samples = chirp(...P.map((p) => p.values[i]), context.sampleRate);
  const buffer = context.createBuffer(1, samples.length, context.sampleRate);
  buffer.copyToChannel(samples, 0);
  sound.source = new AudioBufferSourceNode(context, { buffer });
  sound.source.connect(context.destination);
  sound.source.start();
}
for (const event of ["pointerdown", "keydown"]) addEventListener(event, unlock, { capture: true });

/* Panels. */
const axis = (title) => ({ title: { text: title }, range: [-1.1, 1.1], showticklabels: false,
  showspikes: false, zeroline: false });
const layout = () => ({ margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, uirevision: 1,
  scene: { xaxis: axis("\u2248 f_c"), yaxis: axis("\u2248 f_m"), zaxis: axis("\u2248 \u03b3"),
    aspectmode: "cube", uirevision: 1,
    camera: { eye: { x: 1.0, y: -1.35, z: 0.82 }, projection: { type: "orthographic" } } } });
function addPanel(panel, k) {
  if (panel.not_run) return;
  const plot = byId(`panel-${k}`);
  const section = plot.parentElement;
  const [x, y, z] = panel.points;
  const cloud = { type: "scatter3d", mode: "markers", x, y, z, hoverinfo: "text",
    text: P[0].values.map((_, i) => describe(i).replaceAll(", ", "<br>")),
    marker: { size: DATA.marker_size, color: [], colorscale: DATA.colours, line: { width: 0 } } };
  const mark = { type: "scatter3d", mode: "markers", x: [], y: [], z: [], hoverinfo: "skip",
    marker: SELECTED };
  Plots.draw(plot, [cloud, mark], layout());
  plot.on("plotly_hover", (event) => {
    const point = event.points[0];
    if (point.curveNumber === 0 && byId("hover").checked) play(point.pointNumber);
  });
  plot.on("plotly_click", (event) => {
    const point = event.points[0]; // plotly is still drawing: change the plots afterwards
    if (point.curveNumber === 0) setTimeout(choose, 0, point.pointNumber, true);
  });
  for (const name of ["pointerenter", "pointerdown"]) {
    section.addEventListener(name, () => { turning.plot = plot; });
  }
  for (const name of ["plotly_relayouting", "plotly_relayout"]) {
    plot.on(name, (event) => turn(plot, event["scene.camera"]));
  }
  plots.push({ plot, points: panel.points });
}
const turning = { plot: null, busy: false, next: null }; // plot: the one under the pointer
function turn(plot, camera) {
  if (!camera || plot !== turning.plot || !byId("link").checked) return;
  turning.next = camera;
  if (!turning.busy) follow();
}
async function follow() {
  turning.busy = true;
  while (turning.next) {
    const change = { "scene.camera": turning.next };
    turning.next = null;
    const others = plots.filter(({ plot }) => plot !== turning.plot);
    await Promise.all(others.map(({ plot }) => Plotly.relayout(plot, change)));
  }
  turning.busy = false;
}

/* Controls. In the dark the darkest colours are left out: they would sink into the page. */
let coloured = 0;
const isDark = () => document.documentElement.dataset.theme === "dark";
function stops() {
  const kept = DATA.colours.slice(isDark() ? Math.floor(DATA.colours.length / 3) : 0);
  return kept.map((stop, n) => [n / (kept.length - 1), stop[1]]);
}
function colour(k) {
  coloured = k;
  const colorscale = stops();
  const values = P[k].values.map(Math.log2);
  const [low, high] = [Math.min(...P[k].values), Math.max(...P[k].values)];
  for (const { plot } of plots) {
    Plotly.restyle(plot, { "marker.color": [values], "marker.cmin": Math.log2(low),
      "marker.cmax": Math.log2(high), "marker.colorscale": [colorscale] }, [0]);
  }
  const colours = colorscale.map((stop) => stop[1]).join(", ");
  byId("gradient").style.background = `linear-gradient(90deg, ${colours})`;
  byId("low").textContent = show(low);
  byId("high").textContent = `${show(high)} ${P[k].unit}`;
}
function choose(i, aloud) {
  chosen = i;
  for (const { plot, points } of plots) {
    const [x, y, z] = points.map((column) => [[column[i]]]);
    Plotly.restyle(plot, { x, y, z }, [1]);
  }
  P.forEach((p, k) => setSlider(k, p.levels.indexOf(p.values[i])));
  byId("said").textContent = `Chirp ${i + 1} of ${P[0].values.length}: ${describe(i)}`;
  if (aloud) play(i);
}
function setSlider(k, level) {
  const slider = byId(`slider-${k}`);
  slider.value = level;
  slider.setAttribute("aria-valuetext", `${show(P[k].levels[level])} ${P[k].unit}`);
}
function fromSliders() {
  const wanted = P.map((p, k) => p.levels[Number(byId(`slider-${k}`).value)]);
  const i = P[0].values.findIndex((_, n) => P.every((p, k) => p.values[n] === wanted[k]));
  if (i >= 0) choose(i, true);
}
P.forEach((_, k) => byId(`slider-${k}`).addEventListener("input", fromSliders));
byId("colours").addEventListener("change", (event) => colour(Number(event.target.value)));
byId("play").addEventListener("click", () => play(chosen));
addEventListener("themechange", () => colour(coloured));
DATA.panels.forEach(addPanel);
colour(Number(document.querySelector("#colours :checked").value));
choose(0, false);
})();
