// One customer's three columns, and the filters above two of them.
import { ask } from "./ask.js";
import { announce, el, replace } from "./dom.js";
import { count } from "./format.js";
import { purchasedItems, recommendedItems } from "./items.js";
import { similarDialog } from "./similar.js";
import { SOURCES } from "./sources.js";
import { trouble } from "./trouble.js";

const AT_FIRST = 10; // purchases shown before the reader asks for more

/** Show a customer in a place; returns a function that ends it. */
export function customerParts(place, customer) {
  const wish = { customer, top_n: 10, exclude_purchased: true, exclude: [] };
  const columns = { purchases: column("bought", "Bought"), batch: column("batch", "Batch"), "real-time": column("real-time", "Real time") };
  const chips = el("div", { class: "row", id: "left-out", tabindex: "-1" });
  const answers = {};
  const left = new AbortController();
  let asking = new AbortController();

  const drawLists = () => {
    const inBoth = common(answers.batch, answers["real-time"]);
    for (const kind of ["batch", "real-time"]) {
      const answer = answers[kind];
      if (answer) replace(columns[kind].body, answer.name ? trouble(answer) : list(kind, answer, wish, inBoth, { leaveOut, open: similarDialog }));
    }
  };
  const load = async (kind, query, mine, draw) => {
    columns[kind].section.setAttribute("aria-busy", "true");
    try {
      draw(await ask(kind, query, mine));
    } catch (error) {
      if (error.name === "AbortError") return;
      draw(error);
    }
    columns[kind].section.removeAttribute("aria-busy");
  };
  const loadLists = () => {
    asking.abort();
    asking = new AbortController();
    const query = { customer, top_n: wish.top_n, exclude_purchased: wish.exclude_purchased, exclude: wish.exclude };
    for (const kind of ["batch", "real-time"]) {
      load(kind, query, asking.signal, (answer) => {
        answers[kind] = answer;
        drawLists();
      });
    }
  };
  const drawChips = () => replace(chips, wish.exclude.length
    ? [el("span", { class: "note" }, "Left out:"), wish.exclude.map((item) => el("button", { type: "button", class: "small chip", "aria-label": `Take ${item} in again`, onclick: () => takeIn(item) }, item, el("span", { "aria-hidden": "true" }, "×")))]
    : []);
  const leaveOut = (item) => {
    if (!wish.exclude.includes(item)) wish.exclude.push(item);
    announce(`${item} is left out`);
    drawChips();
    chips.focus({ preventScroll: true });
    loadLists();
  };
  const takeIn = (item) => {
    wish.exclude = wish.exclude.filter((each) => each !== item);
    announce(`${item} is taken in again`);
    drawChips();
    (wish.exclude.length ? chips : document.getElementById("top-n")).focus({ preventScroll: true });
    loadLists();
  };

  replace(place, el("h2", { class: "hidden" }, `Customer ${customer}`), filters(wish, loadLists, chips),
    el("div", { class: "three" }, Object.values(columns).map((each) => each.section)));
  load("purchases", { customer }, left.signal, (answer) => replace(columns.purchases.body, answer.name ? trouble(answer) : purchases(answer)));
  loadLists();
  return () => {
    left.abort();
    asking.abort();
  };
}

function column(id, title) {
  const body = el("div", { class: "stackup" }, el("p", { class: "note" }, "Asking …"));
  const section = el("section", { class: "card", id, "aria-labelledby": `${id}-title` }, el("h2", { id: `${id}-title` }, title), body);
  return { section, body };
}

function filters(wish, changed, chips) {
  const many = el("input", { type: "number", id: "top-n", min: "1", max: "100", value: String(wish.top_n), inputmode: "numeric" });
  const purchased = el("input", { type: "checkbox", id: "exclude-purchased", checked: wish.exclude_purchased });
  many.addEventListener("change", () => {
    wish.top_n = Math.min(100, Math.max(1, Math.round(Number(many.value)) || 10));
    many.value = String(wish.top_n);
    changed();
  });
  purchased.addEventListener("change", () => {
    wish.exclude_purchased = purchased.checked;
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
    answer.purchases.length > AT_FIRST && el("details", { id: "earlier" }, el("summary", {}, `${answer.purchases.length - AT_FIRST} earlier ones`),
      purchasedItems(answer.purchases.slice(AT_FIRST), similarDialog)),
  ];
}

function list(kind, answer, wish, inBoth, actions) {
  const made = kind === "batch" ? `${SOURCES.batch}, ${count(answer.written)} for each customer at most` : SOURCES[answer.source] ?? answer.source;
  const notes = [el("p", { class: "note" }, `${made}; run ${answer.run_id.slice(0, 8)}`)];
  if (kind === "real-time" && answer.source !== "endpoint") notes.push(el("p", { class: "badge going" }, "not from the endpoint"));
  if (kind === "batch" && !wish.exclude_purchased) notes.push(el("p", { class: "note" }, "What they had bought, the batch job has left out already."));
  if (!answer.recommendations.length) return [notes, el("p", {}, "Nothing is left to recommend.")];
  return [notes, recommendedItems(answer, kind, inBoth, actions)];
}

function common(batch, now) {
  const ids = new Set((batch?.recommendations ?? []).map((item) => item.item_id));
  return new Set((now?.recommendations ?? []).map((item) => item.item_id).filter((id) => ids.has(id)));
}
