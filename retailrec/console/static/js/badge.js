import { el } from "./dom.js";
import { statusLabel } from "./format.js";

/** Show a run's status by its name and a colour. */
export function badge(run) {
  const kind = run.live || run.status === "live" ? "live" : run.bad ? "bad" : run.ended ? "" : "going";
  return el("span", { class: `badge ${kind}` }, statusLabel(run.status));
}
