// Lists of items. Descriptions come from the user's file: they are inserted as text only.
import { el } from "./dom.js";
import { score, shopTime } from "./format.js";
import { SOURCES } from "./sources.js";

function itemButton(item, open) {
  return el("button", { type: "button", class: "what", title: "Show similar items", onclick: () => open(item.item_id, item.description) }, item.description || item.item_id);
}

export function purchasedItems(lines, open) {
  return el("ol", { class: "items plain" }, lines.map((line) => el("li", {},
    el("div", {}, itemButton(line, open), el("div", { class: "id" }, el("span", {}, line.item_id), el("span", {}, shopTime(line.timestamp)))),
    el("span", { class: "score" }, line.quantity === null || line.quantity === undefined ? "" : `${line.quantity} ×`))));
}

export function recommendedItems(answer, kind, inBoth, { leaveOut, open }) {
  const scores = answer.source.startsWith("popular") ? "customers" : "score";
  return el("ol", { class: "items" }, answer.recommendations.map((item, index) => el("li", { "data-item": item.item_id },
    el("span", { class: "rank" }, String(index + 1)),
    el("div", {}, itemButton(item, open),
      el("div", { class: "id" }, el("span", {}, item.item_id), inBoth.has(item.item_id) && el("span", {}, "in both lists"), item.source && item.source !== answer.source && el("span", {}, SOURCES[item.source] ?? item.source),
        kind !== "similar" && item.why && el("span", {}, item.why))),
    el("div", { class: "aside" }, el("span", { class: "score" }, el("span", { class: "hidden" }, `${scores} `), score(item.score)),
      leaveOut && el("button", { type: "button", class: "quiet small", id: `out-${kind}-${item.item_id}`, "aria-label": `Leave out ${item.description || item.item_id}`, onclick: () => leaveOut(item.item_id) }, "leave out")))));
}
