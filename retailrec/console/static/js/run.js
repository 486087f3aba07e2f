// One run in full: its stages while they run, its rows, its model, and why it ended.
import { get } from "./api.js";
import { badge } from "./badge.js";
import { announce, el, notice, replace } from "./dom.js";
import { bytes, count, metric, seconds, statusLabel, time, words } from "./format.js";
import { follow, onChange } from "./live.js";
import { timeline } from "./timeline.js";
import { problemNotice } from "./problem.js";

/** Show a run in an element and keep it up to date; returns a function that stops it. */
export function followRun(place, id) {
  let announced = null;
  const draw = onChange((_, run) => replace(place, runParts(run)));
  return follow(async (signal) => {
    try {
      const run = await get(`runs/${encodeURIComponent(id)}`, {}, signal);
      draw({ ...run, now: run.ended ? "" : run.now }, run);
      announced = announceChange(announced, run);
      return run.ended ? 5 : run.poll_seconds;
    } catch (error) {
      if (error.name === "AbortError") return 0;
      draw.forget();
      replace(place, problemNotice(error));
      return 3;
    }
  }, 1);
}

/** Announce a change of status or of the running stage to screen readers. */
function announceChange(before, run) {
  const working = run.stages.filter((stage) => stage.state === "running" || stage.state === "waiting");
  const now = [statusLabel(run.status), ...working.map((stage) => `${stage.stage} ${stage.state}`)].join(", ");
  if (before !== null && before !== now) announce(`${run.file}: ${now}`);
  return now;
}

function runParts(run) {
  return [
    el("section", { class: "card", "aria-labelledby": "run-title" },
      el("div", { class: "row apart" }, el("h2", { id: "run-title" }, run.file), badge(run)),
      el("p", { class: "note" }, `Run ${run.run_id} · uploaded ${time(run.uploaded_at)} · ${bytes(run.size)}`,
        run.seconds !== null ? ` · ${seconds(run.seconds)} from upload to end` : "",
        run.live ? " · its model answers the API's requests" : ""),
      outcome(run),
      timeline(run),
      run.warnings.length > 0 && notice("warn", "Check this before you trust the run", el("ul", {}, run.warnings.map((text) => el("li", {}, text))))),
    data(run),
    model(run),
    settings(run),
  ];
}

function outcome(run) {
  if (run.bad) {
    const where = run.failed_stage ? ` in stage ${run.failed_stage}` : "";
    return notice("bad", `${capital(statusLabel(run.status))}${where}`, run.reason ?? "The reason was not recorded.",
      run.next_step && `What to do: ${run.next_step}`);
  }
  return ["superseded", "collected"].includes(run.status) && run.reason && notice("", run.reason);
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

function data(run) {
  if (!run.counts.rows_read) return null;
  const tiles = [["rows read", "rows_read"], ["interactions", "interactions"], ["customers", "customers"], ["items", "items"],
    ["to train on", "train_rows"], ["held out", "test_rows"]].filter(([, name]) => name in run.counts);
  return el("section", { class: "card", "aria-labelledby": "data-title" },
    el("div", { class: "row apart" }, el("h2", { id: "data-title" }, "Data"),
      run.report && el("a", { class: "button", id: "report-link", href: `/runs/${run.run_id}/report`, target: "_blank", rel: "noopener noreferrer" },
        "Quality report", el("span", { class: "hidden" }, " (opens a new tab)"))),
    el("dl", { class: "tiles" }, tiles.map(([label, name]) => el("div", {}, el("dt", {}, label), el("dd", {}, count(run.counts[name]))))),
    "rows_in_increment" in run.counts && el("p", { class: "note", id: "brought" }, brought(run.counts)),
    rejected(run));
}

function brought(counts) {
  return `These figures are of the whole dataset. This file has ${count(counts.rows_in_increment)} rows: ` +
    `${count(counts.rows_repeated)} were already in the dataset, and ${count(counts.interactions_added)} interactions are new.`;
}

function rejected(run) {
  if (!run.rejected.length) return el("p", { class: "note" }, "No row was rejected.");
  const all = run.rejected.reduce((sum, each) => sum + each.rows, 0);
  const share = ((100 * all) / run.counts.rows_read).toFixed(1);
  return [
    el("h3", {}, `${count(all)} rows rejected, ${share} % of those read`),
    el("ul", { class: "reasons" }, run.rejected.map((each) => {
      const fill = el("span", { class: "fill out" });
      fill.style.width = `${(100 * each.rows) / run.rejected[0].rows}%`;
      return el("li", {}, el("span", {}, words(each.reason)), el("span", { class: "bar", "aria-hidden": "true" }, fill),
        el("span", { class: "n" }, count(each.rows)));
    })),
  ];
}

function model(run) {
  if (!run.comparison.length) return null;
  return el("section", { class: "card", "aria-labelledby": "model-title" },
    el("div", { class: "row apart" }, el("h2", { id: "model-title" }, "Precision at 10"),
      el("a", { class: "button", id: "model-link", href: `#/model/${run.run_id}` }, "How it learned")),
    comparisonTable(run.comparison));
}

/** The model's precision next to that of its baselines. */
export function comparisonTable(rows) {
  return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Precision at 10" }, el("table", {},
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "measured on"), ["model", "popularity", "customer's own"].map((name) => el("th", { scope: "col", class: "n" }, name)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, el("th", { scope: "row" }, row.label),
      [row.model, row.popularity, row.own_items].map((value) => el("td", { class: "n" }, metric(value))))))));
}

function settings(run) {
  const pairs = Object.entries(run.settings).map(([name, value]) => [el("dt", {}, words(name)), el("dd", {}, value)]);
  return el("section", { class: "card" }, el("details", { id: "settings" }, el("summary", {}, "Settings of this run"),
    el("dl", { class: "pairs" }, pairs)));
}
