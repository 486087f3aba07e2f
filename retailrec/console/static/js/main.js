// The frame of the page: it opens the view that the address names, and shows the stack.
import { get } from "./api.js";
import { customersView } from "./customers.js";
import { announce, el, notice, replace } from "./dom.js";
import { dropView } from "./drop.js";
import { follow } from "./live.js";
import { modelView } from "./model.js";
import { runsView } from "./runs.js";

const VIEWS = { runs: [runsView, "Runs"], model: [modelView, "Model"], customers: [customersView, "Customers"], drop: [dropView, "Drop a file"] };
const main = document.getElementById("main");
let leave = () => {};
let current = "";

/** Read `#/view/argument` from the address. */
function address() {
  const [view, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  let argument = "";
  try {
    argument = decodeURIComponent(rest.join("/"));
  } catch { /* not an address of the page */ }
  return VIEWS[view] ? [view, argument] : ["runs", ""];
}

function show() {
  const [view, argument] = address();
  const [open, title] = VIEWS[view];
  leave();
  document.title = `${title} – retailrec console`;
  for (const tab of document.querySelectorAll("#tabs a")) {
    if (tab.dataset.view === view) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  replace(main);
  leave = open(main, argument) ?? (() => {});
  if (current && current !== view) {
    announce(title);
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  current = view;
}

async function showStack(signal) {
  const place = document.getElementById("stack");
  try {
    const stack = await get("stack", {}, signal);
    place.textContent = stack.local ? "local cloud" : `${stack.stack}, ${stack.region}`;
    return 30;
  } catch (error) {
    if (error.name !== "AbortError") place.textContent = error.kind === "no_stack" ? "no stack" : "stack not reachable";
    return 5;
  }
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address names the view
  main.focus();
});
addEventListener("hashchange", show);
addEventListener("unhandledrejection", (event) => {
  if (event.reason?.name === "AbortError") event.preventDefault();
  else main.prepend(notice("bad", "The page has an error.", el("p", {}, String(event.reason?.message ?? event.reason))));
});
follow(showStack, 30);
show();
