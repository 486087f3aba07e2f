// One customer's three columns, and the filters of two of them.
import { get } from "./api.js";
import { announce, el, replace } from "./dom.js";
import { count } from "./format.js";
import { purchasedItems, recommendedItems } from "./items.js";
import { similarDialog } from "./similar.js";
import { SOURCES } from "./sources.js";
import { problemNotice } from "./problem.js";

const AT_FIRST = 10; // purchases shown at first; the rest is folded away

/** Show a customer in an element; returns a function that stops it. */
export function customerParts(place, customer) {
  const filter = { customer, top_n: 10, exclude_purchased: true, exclude: [] };
  const columns = { purchases: column("bought", "Bought"), batch: column("batch", "Batch"), "real-time": column("real-time", "Real time") };
  const chips = el("div", { class: "row", id: "left-out", tabindex: "-1" });
  const answers = {};
  const left = new AbortController();
  let loading = new AbortController();

  const drawLists = () => {
    const inBoth = common(answers.batch, answers["real-time"]);
    for (const kind of ["batch", "real-time"]) {
      const answer = answers[kind];
      if (answer) replace(columns[kind].body, answer.name ? problemNotice(answer) : list(kind, answer, filter, inBoth, { leaveOut, open: similarDialog }));
    }
  };
  const load = async (kind, query, mine, draw) => {
    columns[kind].section.setAttribute("aria-busy", "true");
    try {
      draw(await get(kind, query, mine));
    } catch (error) {
      if (error.name === "AbortError") return;
      draw(error);
    }
    columns[kind].section.removeAttribute("aria-busy");
  };
  const loadLists = () => {
    loading.abort();
    loading = new AbortController();
    const query = { customer, top_n: filter.top_n, exclude_purchased: filter.exclude_purchased, exclude: filter.exclude };
    for (const kind of ["batch", "real-time"]) {
      load(kind, query, loading.signal, (answer) => {
        answers[kind] = answer;
        drawLists();
      });
    }
  };
  const drawChips = () => replace(chips, filter.exclude.length
    ? [el("span", { class: "note" }, "Left out:"), filter.exclude.map((item) => el("button", { type: "button", class: "small chip", "aria-label": `Include ${item} again`, onclick: () => include(item) }, item, el("span", { "aria-hidden": "true" }, "×")))]
    : []);
  const leaveOut = (item) => {
    if (!filter.exclude.includes(item)) filter.exclude.push(item);
    announce(`${item} is left out`);
    drawChips();
    chips.focus({ preventScroll: true });
    loadLists();
  };
  const include = (item) => {
    filter.exclude = filter.exclude.filter((each) => each !== item);
    announce(`${item} is included again`);
    drawChips();
    (filter.exclude.length ? chips : document.getElementById("top-n")).focus({ preventScroll: true });
    loadLists();
  };

  replace(place, el("h2", { class: "hidden" }, `Customer ${customer}`), filters(filter, loadLists, chips),
    el("div", { class: "three" }, Object.values(columns).map((each) => each.section)));
  load("purchases", { customer }, left.signal, (answer) => replace(columns.purchases.body, answer.name ? problemNotice(answer) : purchases(answer)));
  loadLists();
  return () => {
    left.abort();
    loading.abort();
  };
}

function column(id, title) {
  const body = el("div", { class: "stackup" }, el("p", { class: "note" }, "Loading …"));
  const section = el("section", { class: "card", id, "aria-labelledby": `${id}-title` }, el("h2", { id: `${id}-title` }, title), body);
  return { section, body };
}

function filters(filter, changed, chips) {
  const many = el("input", { type: "number", id: "top-n", min: "1", max: "100", value: String(filter.top_n), inputmode: "numeric" });
  const purchased = el("input", { type: "checkbox", id: "exclude-purchased", checked: filter.exclude_purchased });
  many.addEventListener("change", () => {
    filter.top_n = Math.min(100, Math.max(1, Math.round(Number(many.value)) || 10));
    many.value = String(filter.top_n);
    changed();
  });
  purchased.addEventListener("change", () => {
    filter.exclude_purchased = purchased.checked;
    changed();
  });
  return el("div", { class: "card" }, el("div", { class: "filters" },
    el("div", { class: "field" }, el("label", { for: "top-n" }, "How many"), many),
    el("label", { class: "check" }, purchased, "Leave out what they bought")), chips);
}

function purchases(answer) {
  return [
    el("p", { class: "note" }, `Customer ${answer.customer_id}${answer.country ? `, ${answer.country}` : ""}: the latest ${count(answer.purchases.length)} of ${count(answer.total)} purchases`),
    purchasedItems(answer.purchases.slice(0, AT_FIRST), similarDialog),
    answer.purchases.length > AT_FIRST && el("details", { id: "earlier" }, el("summary", {}, `${answer.purchases.length - AT_FIRST} earlier purchases`),
      purchasedItems(answer.purchases.slice(AT_FIRST), similarDialog)),
  ];
}

function list(kind, answer, filter, inBoth, actions) {
  const made = kind === "batch" ? `${SOURCES.batch}, at most ${count(answer.written)} for each customer` : SOURCES[answer.source] ?? answer.source;
  const notes = [el("p", { class: "note" }, `${made}; run ${answer.run_id.slice(0, 8)}`)];
  if (kind === "real-time" && answer.source !== "endpoint") notes.push(el("p", { class: "badge going" }, "not from the endpoint"));
  if (kind === "batch" && !filter.exclude_purchased) notes.push(el("p", { class: "note" }, "The batch job has already left out what they had bought."));
  if (!answer.recommendations.length) return [notes, el("p", {}, "Nothing is left to recommend.")];
  return [notes, recommendedItems(answer, kind, inBoth, actions)];
}

function common(batch, now) {
  const ids = new Set((batch?.recommendations ?? []).map((item) => item.item_id));
  return new Set((now?.recommendations ?? []).map((item) => item.item_id).filter((id) => ids.has(id)));
}
