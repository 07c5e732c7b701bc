"use strict";
/* Light or dark: the reader's choice if there is one, else the system's. Runs before the first paint. */
(() => {
  const KEY = "jtfs-theme";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    try { return localStorage.getItem(KEY); } catch { return null; } // storage may be refused
  };
  const store = (theme) => {
    try { localStorage.setItem(KEY, theme); } catch { /* the choice then lasts for this page */ }
  };
  const apply = (theme) => {
    root.dataset.theme = theme;
    const button = document.getElementById("theme");
    if (button) button.textContent = theme === "dark" ? "Light mode" : "Dark mode";
    dispatchEvent(new Event("themechange"));
  };
  apply(stored() || (system.matches ? "dark" : "light"));
  system.addEventListener("change", () => {
    if (!stored()) apply(system.matches ? "dark" : "light");
  });
  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    button.hidden = false;
    button.addEventListener("click", () => {
      const theme = root.dataset.theme === "dark" ? "light" : "dark";
      store(theme);
      apply(theme);
    });
    apply(root.dataset.theme);
  });
})();
