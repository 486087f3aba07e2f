// Builds the page out of nodes. Text only ever becomes text: nothing here parses markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Make an element; `on…` attributes are listeners, children are nodes or text. */
export function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** Make an element of SVG. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

/** Replace what a container holds, keeping the focus and what the reader had opened (by id). */
export function replace(container, ...nodes) {
  const focused = container.contains(document.activeElement) ? document.activeElement.id : "";
  const open = new Set([...container.querySelectorAll("details[open][id]")].map((each) => each.id));
  container.replaceChildren(...nodes.flat(Infinity).filter(Boolean));
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** Tell who cannot see it, once. */
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
