// The runs, the newest upload first, and one of them in full.
import { get } from "./api.js";
import { badge } from "./badge.js";
import { el, empty, replace } from "./dom.js";
import { count, metric, seconds, time } from "./format.js";
import { follow, onChange } from "./live.js";
import { followRun } from "./run.js";
import { problemNotice } from "./problem.js";

export function runsView(main, chosen) {
  const list = el("nav", { class: "side", "aria-label": "Runs" });
  const detail = el("div", { class: "stackup" });
  const place = el("div", { class: "stackup" });
  const back = el("a", { class: "button back", href: "#/runs" }, "← All runs");
  let shown = null;
  let stopDetail = () => {};
  replace(main, el("div", { class: "title" }, el("h1", {}, "Runs"), el("p", {}, "Every dropped file, and its way to a live model")), place);

  const showDetail = (id) => {
    if (id === shown) return;
    shown = id;
    stopDetail();
    stopDetail = followRun(detail, id);
  };
  const draw = onChange((runs) => {
    if (!runs.length && !chosen) {
      stopDetail();
      shown = null;
      replace(place, empty("No run yet", "Drop a file of transactions, and follow its run here.",
        el("a", { class: "button", href: "#/drop" }, "Drop a file")));
      return;
    }
    if (!place.contains(list)) replace(place, el("div", { class: `two${chosen ? " chosen" : ""}` }, list, el("div", { class: "stackup" }, back, detail)));
    showDetail(chosen || runs[0].run_id);
    replace(list, el("ul", { class: "runs" }, runs.map((run) => el("li", {}, runLink(run, run.run_id === shown)))));
  });
  const stop = follow(async (signal) => {
    try {
      const answer = await get("runs", {}, signal);
      draw(answer.runs);
      return answer.runs.some((run) => !run.ended) ? answer.poll_seconds : 3;
    } catch (error) {
      if (error.name === "AbortError") return 0;
      stopDetail();
      shown = null;
      draw.forget(); // the list is no longer shown
      replace(place, problemNotice(error));
      return 3;
    }
  }, 3);
  return () => {
    stop();
    stopDetail();
  };
}

function runLink(run, current) {
  const facts = [time(run.uploaded_at)];
  if (run.interactions) facts.push(`${count(run.interactions)} interactions`);
  if (run.precision !== null) facts.push(`p@10 ${metric(run.precision)}`);
  if (run.seconds !== null && !run.bad) facts.push(seconds(run.seconds));
  return el("a", { href: `#/runs/${run.run_id}`, id: `run-${run.run_id}`, "aria-current": current && "true" },
    el("span", { class: "row apart" }, el("span", { class: "name" }, run.file), badge(run)),
    el("span", { class: "facts" }, facts.map((fact) => el("span", {}, fact))));
}
