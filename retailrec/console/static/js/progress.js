// The metrics that a training logs by epoch, while it runs and afterwards.
import { get } from "./api.js";
import { el } from "./dom.js";
import { follow, onChange } from "./live.js";
import { problemNotice } from "./problem.js";

const PRECISION = ["epoch_p@k(10)", "p@k(10)"];
let wanted = ""; // the metric that the reader chose, until the page is closed

/** Follow a run's training; `draw` is called on every change. */
export function followProgress(id, draw) {
  const changed = onChange(draw);
  return follow(async (signal) => {
    try {
      const progress = await get(`runs/${encodeURIComponent(id)}/progress`, {}, signal);
      changed(progress);
      return progress.training ? progress.poll_seconds : 10;
    } catch (error) {
      if (error.name === "AbortError") return 0;
      changed({ sentence: error.message, kind: error.kind });
      return 5;
    }
  }, 1);
}

/** Draw the chart of a training's metrics over its epochs into a card. */
export function drawEpochs(chart, progress, run) {
  const title = el("h2", { id: "within-title" }, `Over the epochs: ${run.file}`);
  if (progress.sentence) {
    chart.text(title, problemNotice({ message: progress.sentence, kind: progress.kind }));
    return;
  }
  if (!progress.series.length) {
    chart.text(title, el("p", { class: "note" }, progress.training
      ? "The training has logged no epoch yet; the chart appears here as soon as it does."
      : "This training logged no metrics by epoch."));
    return;
  }
  const names = progress.series.map((series) => series.name);
  const name = [wanted, ...PRECISION].find((each) => names.includes(each)) ?? names[0];
  const select = el("select", { id: "pick-epoch-metric" }, progress.series.map((each) => el("option", { value: each.name, selected: each.name === name }, each.label)));
  select.addEventListener("change", () => {
    wanted = select.value;
    drawEpochs(chart, progress, run);
  });
  const state = progress.training ? "training now" : "trained";
  const epoch = progress.epoch !== null ? `${state}, epoch ${progress.epoch}${progress.epochs ? ` of ${progress.epochs}` : ""}` : state;
  const heading = [
    el("div", { class: "row apart" }, title, el("span", { class: `badge ${progress.training ? "going" : ""}` }, epoch)),
    el("div", { class: "field" }, el("label", { for: "pick-epoch-metric" }, "Metric by epoch"), el("div", {}, select)),
  ];
  chart.show(heading, `runs/${run.run_id}/progress/chart`, { metric: name });
}
