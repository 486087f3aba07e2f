// A run's stages on one scale of time, from the upload on.
import { el } from "./dom.js";
import { seconds } from "./format.js";

const SAYS = { pending: "to come", running: "running", waiting: "waiting", done: "done", stopped: "stopped", "not needed": "not needed" };

export function timeline(run) {
  const starts = run.stages.filter((stage) => stage.starts !== null).map((stage) => stage.starts);
  const origin = Math.min(...starts, Infinity);
  const ends = run.stages.filter((stage) => stage.starts !== null).map(end);
  const length = Math.max(...ends, 0) - (Number.isFinite(origin) ? origin : 0) || 1;
  return el("ol", { class: "stages", "aria-label": "Stages" }, run.stages.map((stage) => row(stage, run, origin, length)));
}

function end(stage) {
  return stage.ends ?? stage.starts + (stage.seconds ?? 0);
}

function says(stage, run) {
  return run.ended && stage.state === "pending" ? "not reached" : SAYS[stage.state];
}

function row(stage, run, origin, length) {
  const fill = el("span", { class: "fill" });
  if (stage.starts === null) fill.hidden = true;
  else {
    const left = (100 * (stage.starts - origin)) / length;
    fill.style.left = `${left.toFixed(3)}%`;
    fill.style.width = `${Math.min(100 - left, (100 * (end(stage) - stage.starts)) / length).toFixed(3)}%`;
  }
  const took = stage.state === "done" && stage.seconds !== null ? seconds(stage.seconds) : stage.seconds ? `${seconds(stage.seconds)} …` : "";
  return el("li", { class: "stage", "data-stage": stage.stage, "data-state": stage.state },
    el("span", { class: "who" }, stage.stage),
    el("span", { class: `bar ${stage.state.replace(" ", "-")}`, "aria-hidden": "true" }, fill),
    el("span", { class: "took" }, took || says(stage, run), el("span", { class: "hidden" }, took ? `, ${says(stage, run)}` : "")),
    stage.note && el("span", { class: "say" }, `Waiting: ${stage.note}`));
}
