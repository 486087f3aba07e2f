// How good the models are: over the runs, and over the epochs within one run.
import { get } from "./api.js";
import { chartCard } from "./chart.js";
import { el, empty, replace } from "./dom.js";
import { statusLabel, time } from "./format.js";
import { follow, onChange } from "./live.js";
import { problemNotice } from "./problem.js";
import { drawEpochs, followProgress } from "./progress.js";

export function modelView(main, chosen) {
  const place = el("div", { class: "stackup" });
  const over = el("section", { class: "card full", "aria-labelledby": "over-title" });
  const comparison = el("section", { class: "card full", "aria-labelledby": "comparison-title" });
  const within = el("section", { class: "card full", "aria-labelledby": "within-title" });
  const charts = { over: chartCard(over), comparison: chartCard(comparison), within: chartCard(within) };
  const picker = el("select", { id: "pick-run" });
  const names = el("select", { id: "pick-metric" });
  const controls = el("div", { class: "filters full" },
    el("div", { class: "field" }, el("label", { for: "pick-run" }, "Run"), picker),
    el("div", { class: "field" }, el("label", { for: "pick-metric" }, "Metric"), names));
  let data = { runs: [], names: [], live: null };
  let stopProgress = () => {};
  let following = null;
  let progress = null;
  let picked = chosen; // until the reader picks a run, the one in training is shown
  replace(main, el("div", { class: "title" }, el("h1", {}, "Model"), el("p", {}, "What each run learned, compared with lists that need no model")), place);

  const drawWithin = () => {
    const run = data.runs.find((each) => each.run_id === following);
    if (run && progress) drawEpochs(charts.within, progress, run);
  };
  const drawRun = () => {
    const run = data.runs.find((each) => each.run_id === picker.value) ?? data.runs.at(-1);
    drawOver(charts.over, data, names.value, run);
    charts.comparison.show(el("h2", { id: "comparison-title" }, `Comparison: ${run.file}`), `runs/${run.run_id}/comparison`);
    if (following === run.run_id) {
      drawWithin();
      return;
    }
    following = run.run_id;
    progress = null;
    stopProgress();
    stopProgress = followProgress(run.run_id, (now) => {
      progress = now;
      drawWithin();
    });
  };
  picker.addEventListener("change", () => {
    picked = picker.value;
    history.replaceState(null, "", `#/model/${picker.value}`);
    drawRun();
  });
  names.addEventListener("change", drawRun);

  const draw = onChange((now) => {
    data = now;
    if (!now.runs.length) {
      replace(place, empty("No model yet", "Once a run trains, its metrics are plotted here.", el("a", { class: "button", href: "#/drop" }, "Drop a file")));
      return;
    }
    options(picker, [...now.runs].reverse().map((run) => [run.run_id, `${run.file}, ${time(run.uploaded_at)} (${statusLabel(run.status)})`]), picked || inTraining(now.runs)?.run_id || now.live);
    options(names, now.names.map((each) => [each.name, each.label]), names.value);
    if (!place.contains(over)) replace(place, el("div", { class: "wide" }, controls, within, over, comparison));
    drawRun();
  });
  const stop = follow(async (signal) => {
    try {
      draw(await get("metrics", {}, signal));
    } catch (error) {
      if (error.name === "AbortError") return 0;
      draw.forget();
      replace(place, problemNotice(error));
    }
    return 3;
  }, 3);
  return () => {
    stop();
    stopProgress();
    Object.values(charts).forEach((chart) => chart.stop());
  };
}

function options(select, pairs, wanted) {
  replace(select, pairs.map(([value, text]) => el("option", { value }, text)));
  if (pairs.some(([value]) => value === wanted)) select.value = wanted;
}

const inTraining = (runs) => runs.findLast((run) => run.status === "training" || run.status === "approved");

function drawOver(chart, data, name, chosen) {
  const label = data.names.find((each) => each.name === name)?.label;
  const heading = el("h2", { id: "over-title" }, label ? `Over the runs: ${label}` : "Over the runs");
  if (label) chart.show(heading, "metrics/chart", { metric: name, run: chosen.run_id });
  else chart.text(heading, el("p", { class: "note" }, "No run has metrics yet."));
}
