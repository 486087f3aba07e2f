// How good the models are: over the runs, and over the epochs within one run.
import { ask } from "./ask.js";
import { lineChart } from "./chart.js";
import { el, empty, replace } from "./dom.js";
import { metric, statusLabel, time } from "./format.js";
import { follow, onChange } from "./live.js";
import { counterparts, metricLabel, ownMetrics } from "./metrics.js";
import { epochsCard, followProgress } from "./progress.js";
import { trouble } from "./trouble.js";

export function modelView(main, chosen) {
  const place = el("div", { class: "stackup" });
  const over = el("section", { class: "card full", "aria-labelledby": "over-title" });
  const beside = el("section", { class: "card full", "aria-labelledby": "beside-title" });
  const within = el("section", { class: "card full", "aria-labelledby": "within-title" });
  const picker = el("select", { id: "pick-run" });
  const names = el("select", { id: "pick-metric" });
  const controls = el("div", { class: "filters full" },
    el("div", { class: "field" }, el("label", { for: "pick-run" }, "Run"), picker),
    el("div", { class: "field" }, el("label", { for: "pick-metric" }, "Metric"), names));
  let told = { runs: [], live: null };
  let stopProgress = () => {};
  let following = null;
  let picked = chosen; // until the reader picks a run, the one under way is shown
  replace(main, el("div", { class: "title" }, el("h1", {}, "Model"), el("p", {}, "What each run learned, beside what needs no model")), place);

  const drawRun = () => {
    const run = told.runs.find((each) => each.run_id === picker.value) ?? told.runs.at(-1);
    const before = previous(told.runs, run);
    replace(over, overRuns(told.runs, names.value, run));
    replace(beside, besideOthers(run, before));
    if (following !== run.run_id) {
      following = run.run_id;
      stopProgress();
      stopProgress = followProgress(run.run_id, (progress) => {
        const now = told.runs.find((each) => each.run_id === following);
        epochsCard(within, progress, now, previous(told.runs, now));
      });
    }
  };
  picker.addEventListener("change", () => {
    picked = picker.value;
    history.replaceState(null, "", `#/model/${picker.value}`);
    drawRun();
  });
  names.addEventListener("change", drawRun);

  const draw = onChange((now) => {
    told = now;
    if (!now.runs.length) {
      replace(place, empty("No model yet", "Once a run trains, its metrics are plotted here.", el("a", { class: "button", href: "#/drop" }, "Drop a file")));
      return;
    }
    options(picker, [...now.runs].reverse().map((run) => [run.run_id, `${run.file}, ${time(run.uploaded_at)} (${statusLabel(run.status)})`]), picked || underWay(now.runs)?.run_id || now.live);
    options(names, ownMetrics(now.runs).map((name) => [name, metricLabel(name)]), names.value);
    if (!place.contains(over)) replace(place, el("div", { class: "wide" }, controls, within, over, beside));
    drawRun();
  });
  const stop = follow(async (signal) => {
    try {
      draw(await ask("metrics", {}, signal));
    } catch (error) {
      if (error.name === "AbortError") return 0;
      draw.forget();
      replace(place, trouble(error));
    }
    return 3;
  }, 3);
  return () => {
    stop();
    stopProgress();
  };
}

function options(select, pairs, wanted) {
  replace(select, pairs.map(([value, text]) => el("option", { value }, text)));
  if (pairs.some(([value]) => value === wanted)) select.value = wanted;
}

const underWay = (runs) => runs.findLast((run) => run.status === "training" || run.status === "approved");

/** The run before, in the order of uploads, that has metrics. */
function previous(runs, run) {
  return runs.slice(0, runs.indexOf(run)).filter((each) => Object.keys(each.metrics).length).at(-1);
}

function overRuns(runs, name, chosen) {
  const measured = runs.filter((run) => name in run.metrics);
  const title = el("h2", { id: "over-title" }, `Over the runs: ${metricLabel(name)}`);
  if (!measured.length) return [title, el("p", { class: "note" }, "No run has this metric yet.")];
  const label = (run) => `${run.file}, ${time(run.uploaded_at)}${run === chosen ? " (chosen)" : ""}`;
  const points = (key) => measured.flatMap((run, index) => (key in run.metrics ? [{ x: index + 1, y: run.metrics[key], label: `${index + 1}: ${label(run)}` }] : []));
  const others = counterparts(name, Object.assign({}, ...measured.map((run) => run.metrics)));
  return [title, lineChart({
    id: "over", title: `${metricLabel(name)} of ${measured.length} runs`, xName: "run, in the order of uploads", references: [], format: metric,
    series: [{ name: "model", points: points(name) }, ...others.map((each) => ({ name: each.label, points: points(each.name) }))],
  })];
}

function besideOthers(run, before) {
  const title = el("h2", { id: "beside-title" }, `Beside others: ${run.file}`);
  const rows = ownMetrics([run]);
  if (!rows.length) return [title, el("p", { class: "note" }, "This run has no metrics yet.")];
  const baselines = [...new Set(rows.flatMap((name) => counterparts(name, run.metrics).map((each) => each.label)))];
  const heads = ["model", ...baselines, "previous model"];
  const users = run.metrics.users_evaluated;
  return [title,
    el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Metrics" }, el("table", {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "metric"), heads.map((name) => el("th", { scope: "col", class: "n" }, name)))),
      el("tbody", {}, rows.map((name) => {
        const others = new Map(counterparts(name, run.metrics).map((each) => [each.label, run.metrics[each.name]]));
        const error = run.metrics[`${name}_se`];
        return el("tr", {}, el("th", { scope: "row" }, metricLabel(name)),
          el("td", { class: "n" }, metric(run.metrics[name]), error ? ` ± ${metric(error)}` : ""),
          [...baselines.map((label) => others.get(label)), before?.metrics[name]].map((number) => el("td", { class: "n" }, metric(number))));
      })))),
    el("p", { class: "note" }, "Precision@10: the share of ten recommended items that a customer went on to buy",
      users ? `, on average over ${users.toLocaleString("en-GB")} customers.` : ".",
      before ? ` Previous model: ${before.file}, ${time(before.uploaded_at)}, measured on its own data.` : " No model came before this one.")];
}
