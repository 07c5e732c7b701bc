"""HTML, style and script of the interactive page; `manifold_page` fills in plotly.js and data."""

PLOTLY, DATA = "/*PLOTLY*/", "/*DATA*/"
TEMPLATE = r"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Isomap embeddings of chirps</title>
<style>
:root { --ink: #1a1a1a; --muted: #595959; --line: #d0d0d0; --accent: #b3400e; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem 1.25rem 2rem; max-width: 110rem; color: var(--ink);
  background: #fff; font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.35rem; margin: 0 0 .25rem; }
p { margin: .25rem 0; max-width: 62rem; }
.muted { color: var(--muted); font-size: .87rem; }
#controls { position: sticky; top: 0; z-index: 20; display: flex; flex-wrap: wrap;
  gap: .5rem 1.5rem; align-items: center; padding: .6rem 0; background: #fff;
  border-bottom: 1px solid var(--line); }
fieldset { display: flex; gap: .9rem; align-items: center; margin: 0; padding: 0; border: 0; }
legend { float: left; margin-right: .7rem; padding: 0; font-weight: 600; }
label { white-space: nowrap; }
input[type=range] { width: 7.5rem; vertical-align: middle; accent-color: var(--accent); }
button { font: inherit; padding: .2rem .8rem; border: 1px solid var(--muted); border-radius: 4px;
  background: #fff; cursor: pointer; }
:focus-visible { outline: 3px solid #2d6da8; outline-offset: 2px; }
#scale { display: flex; gap: .5rem; align-items: center; }
#gradient { width: 10rem; height: .8rem; border: 1px solid var(--muted); }
#said { min-height: 1.5em; font-variant-numeric: tabular-nums; }
#panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(21rem, 1fr)); gap: .75rem;
  margin-top: .75rem; }
section { border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
h2 { margin: 0; padding: .4rem .7rem 0; font-size: 1rem; }
.plot { height: 21rem; }
.not-run { padding: .4rem .7rem 1rem; color: var(--muted); overflow-wrap: anywhere; }
</style>
</head>
<body>
<main>
<h1>Isomap embeddings of chirps</h1>
<p>Each point is one chirp with its carrier frequency f<sub>c</sub>, rate of amplitude modulation
f<sub>m</sub> and chirp rate &gamma;. Point at a chirp to read its parameters and hear it, click to
mark it in every cloud; drag to turn all clouds together. Browsers stay silent until the page has
been clicked or a key was pressed once. Without a mouse, choose a chirp with the three sliders.</p>
<p class="muted">Every cloud is turned so that its axes best match the logarithms of the three
parameters, without stretching. <span id="stamp"></span></p>
<div id="controls">
<fieldset id="colours"><legend>Colour</legend></fieldset>
<div id="scale" aria-hidden="true">
<span id="low"></span><div id="gradient"></div><span id="high"></span></div>
<fieldset id="chirp"><legend>Chirp</legend></fieldset>
<button type="button" id="play">Play</button>
<label><input type="checkbox" id="hover" checked> play on hover</label>
<label><input type="checkbox" id="link" checked> turn together</label>
</div>
<p id="said" role="status" aria-live="polite"></p>
<div id="panels"></div>
</main>
<script>/*PLOTLY*/</script>
<script>const DATA = /*DATA*/;</script>
<script>
"use strict";
const byId = (id) => document.getElementById(id);
const make = (tag, attributes, text) => {
  const node = Object.assign(document.createElement(tag), attributes);
  if (text !== undefined) node.textContent = text;
  return node;
};
const P = DATA.parameters;
const SELECTED = { size: 6, color: "#b3400e", symbol: "circle-open", line: { width: 3 } };
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
  showspikes: false, gridcolor: "#dddddd", zeroline: false, backgroundcolor: "#f6f6f6",
  showbackground: true });
const layout = () => ({ margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, uirevision: 1,
  scene: { xaxis: axis("\u2248 f_c"), yaxis: axis("\u2248 f_m"), zaxis: axis("\u2248 \u03b3"),
    aspectmode: "cube",
    camera: { eye: { x: 1.0, y: -1.35, z: 0.82 }, projection: { type: "orthographic" } } } });
function addPanel(panel, k) {
  const id = `panel-${k}`;
  const section = make("section");
  section.append(make("h2", { id: `${id}-title` }, panel.label));
  byId("panels").append(section);
  if (panel.not_run) {
    section.append(make("p", { className: "not-run" }, `not run: ${panel.not_run}`));
    return;
  }
  const plot = make("div", { id, className: "plot", role: "img" });
  const what = `embedding of ${P[0].values.length} chirps in three dimensions`;
  plot.setAttribute("aria-label", `${panel.label}: ${what}`);
  section.append(plot);
  const [x, y, z] = panel.points;
  const cloud = { type: "scatter3d", mode: "markers", x, y, z, hoverinfo: "text",
    text: P[0].values.map((_, i) => describe(i).replaceAll(", ", "<br>")),
    marker: { size: DATA.marker_size, color: [], colorscale: DATA.colours, line: { width: 0 } } };
  const mark = { type: "scatter3d", mode: "markers", x: [], y: [], z: [], hoverinfo: "skip",
    marker: SELECTED };
  Plotly.newPlot(plot, [cloud, mark], layout(), { displaylogo: false, responsive: true });
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

/* Controls. */
function colour(k) {
  const values = P[k].values.map(Math.log2);
  const [low, high] = [Math.min(...P[k].values), Math.max(...P[k].values)];
  for (const { plot } of plots) {
    Plotly.restyle(plot, { "marker.color": [values], "marker.cmin": Math.log2(low),
      "marker.cmax": Math.log2(high) }, [0]);
  }
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
P.forEach((p, k) => {
  const radio = make("input", { type: "radio", name: "colour", checked: k === 0 });
  radio.addEventListener("change", () => colour(k));
  const option = make("label", { title: p.label });
  option.append(radio, ` ${p.symbol}`);
  byId("colours").append(option);
  const slider = make("input", { type: "range", id: `slider-${k}`, min: 0,
    max: p.levels.length - 1, step: 1 });
  slider.setAttribute("aria-label", p.label);
  slider.addEventListener("input", fromSliders);
  const field = make("label", { title: p.label }, `${p.symbol} `);
  field.append(slider);
  byId("chirp").append(field);
});
byId("play").addEventListener("click", () => play(chosen));
byId("stamp").textContent = DATA.stamp;
const colours = DATA.colours.map((stop) => stop[1]).join(", ");
byId("gradient").style.background = `linear-gradient(90deg, ${colours})`;
DATA.panels.forEach(addPanel);
colour(0);
choose(0, false);
</script>
</body>
</html>
"""
