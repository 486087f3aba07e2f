"use strict";
// A classic script in the head: it sets the theme before anything is drawn.
(() => {
  const ORDER = ["system", "light", "dark"];
  const read = () => {
    try {
      const kept = localStorage.getItem("theme");
      return ORDER.includes(kept) ? kept : "system";
    } catch {
      return "system"; // storage may be forbidden
    }
  };
  const apply = (theme) => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  };
  apply(read());
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const said = document.createElement("span");
    const name = document.createElement("span");
    said.textContent = "Theme:";
    said.className = "wide-only";
    button.append(said, name);
    const label = () => {
      name.textContent = read();
      button.setAttribute("aria-label", `Theme: ${read()}`);
    };
    button.addEventListener("click", () => {
      const next = ORDER[(ORDER.indexOf(read()) + 1) % ORDER.length];
      try { localStorage.setItem("theme", next); } catch { /* it lasts as long as the page */ }
      apply(next);
      label();
    });
    label();
  });
})();
