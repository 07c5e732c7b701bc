"use strict";
/* Recalls, learning curves and confusion matrices of Section 4. */
(() => {
  const DATA = window.SITE.instruments;
  const byId = (id) => document.getElementById(id);
  const pick = (list, k) => list[k % list.length];

  function recalls() {
    const traces = DATA.recalls.models.map((model, k) => ({ type: "bar", name: model.label,
      x: DATA.recalls.classes, y: model.mean,
      marker: { color: pick(Plots.COLOURS, k),
        pattern: { shape: pick(["", "/", ".", "x", "-", "+"], k), size: 5, solidity: 0.2,
          fillmode: "overlay" } },
      error_y: { type: "data", symmetric: false, thickness: 1.5, width: 2,
        color: "#80858a",
        array: model.high.map((high, n) => high - model.mean[n]),
        arrayminus: model.low.map((low, n) => model.mean[n] - low) },
      hovertemplate: "%{y:.1f} %<extra>%{fullData.name}, %{x}</extra>" }));
    Plots.draw(byId("recalls"), traces, { margin: { l: 55, r: 10, t: 30, b: 60 }, barmode: "group",
      legend: Plots.LEGEND, xaxis: {}, yaxis: { title: { text: "recall (%)" }, range: [0, 104] } });
  }

  function curves() {
    const metric = byId("metric").value;
    const models = [...new Set(DATA.curves.map((curve) => curve.model))];
    const traces = DATA.curves.map((curve) => {
      const k = models.indexOf(curve.model);
      const isFirst = DATA.curves.find((other) => other.model === curve.model) === curve;
      return { x: curve.epoch, y: curve[metric], name: curve.model, legendgroup: curve.model,
        showlegend: isFirst, mode: "lines+markers",
        line: { color: pick(Plots.COLOURS, k), dash: pick(Plots.DASHES, k), width: 2 },
        marker: { size: curve.best.map((best) => (best ? 10 : 1)), symbol: "circle" },
        hovertemplate: `epoch %{x}: %{y:.3g}<extra>${curve.model}, seed ${curve.seed}</extra>` };
    });
    Plots.draw(byId("curves"), traces, { margin: { l: 60, r: 10, t: 30, b: 45 }, legend: Plots.LEGEND,
      xaxis: { title: { text: "epoch; large point: the chosen one" } },
      yaxis: { title: { text: DATA.metrics[metric] }, rangemode: "tozero" } });
  }

  function confusion() {
    const matrix = DATA.matrices[Number(byId("model").value)];
    const short = matrix.classes.map((name) => name.replace("distorted electric", "dist. el."));
    const trace = { type: "heatmap", x: short, y: short, z: matrix.share, zmin: 0, zmax: 1,
      text: matrix.count, texttemplate: "%{text}", customdata: matrix.count,
      colorscale: [[0, "#f3f1ea"], [0.5, "#6fa3c7"], [1, "#133c5e"]], xgap: 1, ygap: 1,
      showscale: false,
      hovertemplate: "true %{y}, predicted %{x}: %{customdata} clips, %{z:.0%}<extra></extra>" };
    Plots.draw(byId("confusion"), [trace], { margin: { l: 60, r: 10, t: 30, b: 60 },
      xaxis: { title: { text: "predicted", standoff: 12 }, showgrid: false, ticks: "" },
      yaxis: { title: { text: "true", standoff: 12 }, autorange: "reversed", showgrid: false, ticks: "" } });
  }

  if (byId("recalls")) recalls();
  if (byId("curves")) {
    curves();
    byId("metric").addEventListener("change", curves);
  }
  if (byId("confusion")) {
    confusion();
    byId("model").addEventListener("change", confusion);
  }
})();
