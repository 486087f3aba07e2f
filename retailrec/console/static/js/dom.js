// Builds the page from nodes. Text is inserted as text only: nothing here parses markup.

/** Make an element; `on…` attributes are listeners, children are nodes or text. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Replace what a container holds, keeping the focus and the opened details (by id). */
export function replace(container, ...nodes) {
  const focused = container.contains(document.activeElement) ? document.activeElement.id : "";
  const open = new Set([...container.querySelectorAll("details[open][id]")].map((each) => each.id));
  container.replaceChildren(...nodes.flat(Infinity).filter(Boolean));
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** Announce a text to screen readers, once. */
export function announce(text) {
  const place = document.getElementById("announcer");
  if (place.textContent !== text) place.textContent = text;
}

/** A notice in a box: bad, warn, good or plain. */
export function notice(kind, title, ...lines) {
  return el("div", { class: `notice ${kind}` }, title && el("strong", {}, title),
    lines.flat().filter(Boolean).map((line) => (line instanceof Node ? line : el("p", {}, line))));
}

/** What is shown where there is nothing yet. */
export function empty(title, text, ...more) {
  return el("div", { class: "card empty" }, el("h2", {}, title), el("p", {}, text), ...more);
}
