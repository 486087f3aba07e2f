// A customer: what they bought, and what the batch job and the API recommend to them.
import { get } from "./api.js";
import { el, empty, replace } from "./dom.js";
import { count } from "./format.js";
import { follow } from "./live.js";
import { customerParts } from "./customer.js";
import { problemNotice } from "./problem.js";

const PAUSE = 180; // milliseconds without a key before a search begins

export function customersView(main, chosen) {
  const input = el("input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false", maxlength: "256", placeholder: "Customer id, or a part of it" });
  const found = el("div", { class: "stackup", role: "region", "aria-label": "Customers found", "aria-live": "polite" });
  const place = el("div", { class: "stackup" });
  let stop = () => {};
  let timer;
  replace(main, el("div", { class: "title" }, el("h1", {}, "Customers"), el("p", {}, "What they bought, and what they may like")),
    el("div", { class: "stackup" },
      el("search", { class: "card search" }, el("div", { class: "field" }, el("label", { for: "search" }, "Find a customer"), input), found),
      place));

  const look = () => {
    stop();
    stop = follow(async (signal) => {
      try {
        const answer = await get("customers", { query: input.value }, signal);
        drawFound(found, answer, chosen);
        return 600;
      } catch (error) {
        if (error.name === "AbortError") return 0;
        replace(found, problemNotice(error));
        return 4;
      }
    }, 600);
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  });
  look();
  const leave = chosen ? customerParts(place, chosen) : replace(place, empty("No customer chosen", "Choose one above, or search by the id in your data."));
  return () => {
    clearTimeout(timer);
    stop();
    leave?.();
  };
}

function drawFound(place, answer, chosen) {
  if (!answer.found) {
    replace(place, el("p", { class: "note" }, `None of the ${count(answer.total)} customers in the live run has this in its id.`));
    return;
  }
  const more = answer.found < answer.total ? `${count(answer.customers.length)} of ${count(answer.found)} found, ` : "";
  replace(place,
    el("ul", { class: "found" }, answer.customers.map((id) => el("li", {}, el("a", { href: `#/customers/${encodeURIComponent(id)}`, id: `customer-${id}`, "aria-current": id === chosen && "true" }, id)))),
    el("p", { class: "note" }, `${more}${count(answer.total)} customers in the live run`));
}
