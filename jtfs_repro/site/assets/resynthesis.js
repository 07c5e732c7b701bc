"use strict";
/* Players of one sound share a position; pictures show it and set it. */
(() => {
  const DATA = window.SITE.resynthesis;
  const STEP_S = 0.1;
  const LONG_STEP_S = 0.5;
  const TICKS = [0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10];
  const groups = [];

  const silenceOthers = (audio) => {
    for (const group of groups) {
      for (const track of group.tracks) if (track.audio !== audio) track.audio.pause();
    }
  };

  function show(group, seconds) {
    group.position = Math.min(Math.max(seconds, 0), group.sound.duration);
    for (const { seek, playhead } of group.tracks) {
      playhead.style.left = `${(100 * group.position) / group.sound.duration}%`;
      seek.setAttribute("aria-valuenow", group.position.toFixed(3));
      seek.setAttribute("aria-valuetext", `${group.position.toFixed(2)} s`);
    }
  }

  function move(group, seconds) {
    show(group, seconds);
    const playing = group.tracks.find((track) => !track.audio.paused);
    for (const track of playing ? [playing] : group.tracks) track.audio.currentTime = group.position;
  }

  function play(group, track) {
    const atEnd = group.position > group.sound.duration - 0.02;
    track.audio.currentTime = atEnd ? 0 : group.position;
    return track.audio.play();
  }

  /* While a player runs, its playhead follows every frame, not only the four events a second. */
  function follow(group, track) {
    if (track.audio.paused) return;
    show(group, track.audio.currentTime);
    requestAnimationFrame(() => follow(group, track));
  }

  function listen(group, track) {
    const { audio, seek, node } = track;
    audio.addEventListener("play", () => {
      silenceOthers(audio);
      const atEnd = group.position > group.sound.duration - 0.02;
      if (!atEnd && Math.abs(audio.currentTime - group.position) > 0.03) {
        audio.currentTime = group.position;
      }
      node.classList.add("is-playing");
      follow(group, track);
    });
    for (const name of ["pause", "ended"]) {
      audio.addEventListener(name, () => node.classList.remove("is-playing"));
    }
    audio.addEventListener("seeked", () => { // moved by the player's own bar
      if (!audio.paused || document.activeElement === audio) show(group, audio.currentTime);
    });
    seek.addEventListener("pointerdown", (event) => {
      seek.setPointerCapture(event.pointerId);
      drag(event);
    });
    const drag = (event) => {
      if (!seek.hasPointerCapture(event.pointerId)) return;
      const box = seek.getBoundingClientRect();
      move(group, ((event.clientX - box.left) / box.width) * group.sound.duration);
    };
    seek.addEventListener("pointermove", drag);
    seek.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: -STEP_S, ArrowDown: -STEP_S, ArrowRight: STEP_S,
        ArrowUp: STEP_S, PageDown: -LONG_STEP_S, PageUp: LONG_STEP_S };
      if (event.key in steps) move(group, group.position + steps[event.key]);
      else if (event.key === "Home") move(group, 0);
      else if (event.key === "End") move(group, group.sound.duration);
      else if (event.key === " " || event.key === "Enter") {
        if (audio.paused) play(group, track);
        else audio.pause();
      } else return;
      event.preventDefault();
    });
  }

  /* Another iteration or descent: the picture and the sound change, the position stays. */
  function choose(group, track, step) {
    const wasPlaying = !track.audio.paused;
    const at = wasPlaying ? track.audio.currentTime : group.position;
    const label = track.card.label;
    track.image.src = step.picture;
    track.image.alt = `Scalogram: ${label} of ${group.sound.title}, iteration ${step.iteration}`;
    track.output.value = `${step.iteration}, error ${step.error}${step.is_best ? " (best)" : ""}`;
    track.range.setAttribute("aria-valuetext", track.output.value);
    if (track.audio.getAttribute("src") === step.audio) return;
    track.audio.src = step.audio;
    track.audio.addEventListener("loadedmetadata", () => {
      track.audio.currentTime = at;
      if (wasPlaying) track.audio.play();
    }, { once: true });
  }

  function prepareSteps(group, track) {
    const { node, card } = track;
    const steps = node.querySelector(".steps");
    if (!steps) return;
    node.querySelector(".plain-steps").hidden = true;
    steps.hidden = false;
    track.range = steps.querySelector("input");
    track.output = steps.querySelector("output");
    track.range.setAttribute("aria-valuetext", track.output.value);
    track.descent = card.descents[0];
    track.range.addEventListener("input", () => {
      choose(group, track, track.descent.snapshots[Number(track.range.value)]);
    });
    const select = node.querySelector(".descent select");
    if (!select) return;
    select.parentElement.hidden = false;
    select.addEventListener("change", () => {
      track.descent = card.descents[Number(select.value)];
      const last = track.descent.snapshots.length - 1;
      track.range.max = last;
      track.range.value = last;
      node.querySelector(".status").textContent = track.descent.status;
      choose(group, track, track.descent.snapshots[last]);
    });
  }

  function prepareSound(section) {
    const sound = DATA.sounds[Number(section.dataset.sound)];
    const group = { sound, position: 0, tracks: [] };
    groups.push(group);
    for (const node of section.querySelectorAll(".track")) {
      const track = { node, card: sound.cards[Number(node.dataset.card)],
        audio: node.querySelector("audio"), image: node.querySelector("img"),
        seek: node.querySelector(".seek"), playhead: node.querySelector(".playhead") };
      group.tracks.push(track);
      listen(group, track);
      prepareSteps(group, track);
    }
    section.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const track = group.tracks[Number(event.key) - 1];
      if (track) play(group, track);
      else if (event.key.toLowerCase() === "p") silenceOthers(null);
    });
    show(group, 0);
    drawCurves(section.querySelector(".curves"), sound);
  }

  /* Error curves: colour for the representation, dashes for the descent. */
  function drawCurves(node, sound) {
    if (!node) return;
    const representations = [...new Set(sound.curves.map((curve) => curve.representation))];
    const descents = [...new Set(sound.curves.map((curve) => curve.descent))];
    const traces = sound.curves.map((curve) => ({ x: curve.x, y: curve.y, name: curve.label,
      mode: "lines", hovertemplate: "iteration %{x}: %{y:.3g}<extra>%{fullData.name}</extra>",
      line: { width: 2.5,
        color: Plots.COLOURS[representations.indexOf(curve.representation) % Plots.COLOURS.length],
        dash: Plots.DASHES[descents.indexOf(curve.descent) % Plots.DASHES.length] } }));
    const [x, y] = [0, 1].map((k) => DATA.marks.map((mark) => mark[k]));
    traces.push({ x, y, name: "paper, about", mode: "markers", hovertemplate:
      "paper: %{y:.0%} after %{x} iterations<extra></extra>",
    marker: { size: 12, symbol: "x-thin", color: "#a38a2c", line: { width: 3, color: "#a38a2c" } } });
    Plots.draw(node, traces, { margin: { l: 60, r: 15, t: 30, b: 45 },
      xaxis: { title: { text: "iteration" }, rangemode: "tozero" },
      yaxis: { title: { text: "relative error" }, type: "log", tickformat: ".2~%",
        tickvals: TICKS },
      legend: Plots.LEGEND });
  }

  for (const section of document.querySelectorAll(".sound")) prepareSound(section);
})();
