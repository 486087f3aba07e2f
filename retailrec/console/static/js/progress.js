// The metrics that a training logs epoch by epoch, while it works and after.
import { ask } from "./ask.js";
import { lineChart } from "./chart.js";
import { el, replace } from "./dom.js";
import { metric } from "./format.js";
import { follow, onChange } from "./live.js";
import { counterparts, final, metricLabel } from "./metrics.js";
import { trouble } from "./trouble.js";

const CONTRACT = ["epoch_p@k(10)", "p@k(10)"];
let wanted = ""; // what the reader chose to see, for as long as the page lives

/** Follow a run's training; `draw` is told of every change. */
export function followProgress(id, draw) {
  const changed = onChange(draw);
  return follow(async (signal) => {
    try {
      const told = await ask(`runs/${encodeURIComponent(id)}/progress`, {}, signal);
      changed(told);
      return told.training ? told.poll_seconds : 10;
    } catch (error) {
      if (error.name === "AbortError") return 0;
      changed({ sentence: error.message, kind: error.kind });
      return 5;
    }
  }, 1);
}

/** Draw the plot of a training's metrics over its epochs into a card. */
export function epochsCard(card, progress, run, before) {
  const title = el("h2", { id: "within-title" }, `Over the epochs: ${run.file}`);
  if (progress.sentence) {
    replace(card, title, trouble({ message: progress.sentence, kind: progress.kind }));
    return;
  }
  if (!progress.series.length) {
    replace(card, title, el("p", { class: "note" }, progress.training
      ? "The training has logged no epoch yet; its plot grows here as it does."
      : "This training logged no metrics by the epoch."));
    return;
  }
  const names = progress.series.map((series) => series.name);
  const name = [wanted, ...CONTRACT].find((each) => names.includes(each)) ?? names[0];
  const select = el("select", { id: "pick-epoch-metric" }, names.map((each) => el("option", { value: each, selected: each === name }, epochLabel(each))));
  select.addEventListener("change", () => {
    wanted = select.value;
    epochsCard(card, progress, run, before);
  });
  const state = progress.training ? "training now" : "trained";
  const far = progress.epoch !== null ? `${state}, epoch ${progress.epoch}${progress.epochs ? ` of ${progress.epochs}` : ""}` : state;
  replace(card, el("div", { class: "row apart" }, title, el("span", { class: `badge ${progress.training ? "going" : ""}` }, far)),
    el("div", { class: "field" }, el("label", { for: "pick-epoch-metric" }, "Metric by epoch"), el("div", {}, select)),
    plot(progress.series.find((series) => series.name === name), run, before));
}

const epochLabel = (name) => (name.includes("@") ? metricLabel(name) : name.replaceAll("_", " "));

function plot(series, run, before) {
  const others = counterparts(series.name, run.metrics).map((each) => ({ name: each.label, y: run.metrics[each.name] }));
  if (before && final(series.name) in before.metrics) others.push({ name: "previous model", y: before.metrics[final(series.name)] });
  return lineChart({
    id: "epochs", title: `${epochLabel(series.name)} by epoch`, xName: "epoch", references: others, format: metric,
    series: [{ name: epochLabel(series.name), points: series.points.map((point) => ({ x: point.step, y: point.value, label: `epoch ${point.step}` })) }],
  });
}
