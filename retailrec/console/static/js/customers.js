// A customer: what they bought, beside what the batch job and the API recommend to them.
import { ask } from "./ask.js";
import { el, empty, replace } from "./dom.js";
import { count } from "./format.js";
import { follow } from "./live.js";
import { customerParts } from "./customer.js";
import { trouble } from "./trouble.js";

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
        const told = await ask("customers", { query: input.value }, signal);
        drawFound(found, told, chosen);
        return 600;
      } catch (error) {
        if (error.name === "AbortError") return 0;
        replace(found, trouble(error));
        return 4;
      }
    }, 600);
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  });
  look();
  const leave = chosen ? customerParts(place, chosen) : replace(place, empty("No customer chosen", "Choose one above, or search by the id that they have in your data."));
  return () => {
    clearTimeout(timer);
    stop();
    leave?.();
  };
}

function drawFound(place, told, chosen) {
  if (!told.found) {
    replace(place, el("p", { class: "note" }, `None of the ${count(told.total)} customers of the live run has an id like this.`));
    return;
  }
  const more = told.found < told.total ? `${count(told.customers.length)} of ${count(told.found)} found, ` : "";
  replace(place,
    el("ul", { class: "found" }, told.customers.map((id) => el("li", {}, el("a", { href: `#/customers/${encodeURIComponent(id)}`, id: `customer-${id}`, "aria-current": id === chosen && "true" }, id)))),
    el("p", { class: "note" }, `${more}${count(told.total)} customers in the live run`));
}
