"use strict";
/* Plotly in the colours of the page; every plot follows a change of theme. */
const Plots = (() => {
  const COLOURS = ["#4c8bbf", "#d1692d", "#3b9a6d", "#b07ab5", "#a38a2c", "#7d8891"];
  const DASHES = ["solid", "dash", "dot", "dashdot"];
  const CONFIG = { displaylogo: false, responsive: true,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };
  const LEGEND = { orientation: "h", x: 0, yref: "container", y: 0, yanchor: "bottom" };
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const drawn = [];

  function axis() {
    return { gridcolor: css("--plot-grid"), linecolor: css("--muted"), zeroline: false,
      ticks: "outside", tickcolor: css("--muted"), automargin: true };
  }
  function scene() {
    return { gridcolor: css("--plot-grid"), backgroundcolor: css("--shade"),
      showbackground: true, color: css("--ink") };
  }
  function colours(layout) {
    const font = { color: css("--ink"), family: getComputedStyle(document.body).fontFamily,
      size: 13 };
    const modebar = { bgcolor: "rgba(0,0,0,0)", color: css("--muted"), activecolor: css("--ink") };
    const themed = { ...layout, font, modebar, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)" };
    for (const key of ["xaxis", "yaxis"]) {
      if (layout[key]) themed[key] = { ...axis(), ...layout[key] };
    }
    if (layout.scene) {
      themed.scene = { ...layout.scene };
      for (const key of ["xaxis", "yaxis", "zaxis"]) {
        themed.scene[key] = { ...layout.scene[key], ...scene() };
      }
    }
    return themed;
  }
  function draw(node, traces, layout) {
    const known = drawn.find((item) => item.node === node);
    if (known) Object.assign(known, { traces, layout });
    else drawn.push({ node, traces, layout });
    return Plotly.react(node, traces, colours(layout), CONFIG);
  }
  function recolour() {
    for (const { node, layout } of drawn) {
      const themed = colours(layout);
      if (themed.scene) { // keep the camera that the reader turned
        const camera = node._fullLayout && node._fullLayout.scene.camera;
        if (camera) themed.scene.camera = camera;
      }
      Plotly.react(node, node.data, themed, CONFIG);
    }
  }
  addEventListener("themechange", recolour);
  return { COLOURS, DASHES, LEGEND, draw };
})();
