// A dialog with the items that are most like one.
import { ask } from "./ask.js";
import { el, replace } from "./dom.js";
import { recommendedItems } from "./items.js";
import { trouble } from "./trouble.js";

const MANY = 10;

export function similarDialog(item, description) {
  const body = el("div", { class: "stackup" });
  const title = el("h2", { id: "similar-title" });
  const close = el("button", { type: "button", onclick: () => dialog.close() }, "Close");
  const dialog = el("dialog", { "aria-labelledby": "similar-title" }, el("div", { class: "stackup" }, el("div", { class: "row apart" }, title, close), body));
  const asking = new AbortController();

  const show = async (id, name) => {
    title.textContent = `Similar to ${name || id}`;
    replace(body, el("p", { class: "note" }, "Asking …"));
    try {
      const answer = await ask("similar", { item: id, top_n: MANY }, asking.signal);
      const found = { source: answer.source ?? "similar", recommendations: answer.items };
      replace(body, found.recommendations.length
        ? [el("p", { class: "note" }, `Item ${id}; run ${answer.run_id.slice(0, 8)}`), recommendedItems(found, "similar", new Set(), { open: show })]
        : el("p", {}, "No other item is like it."));
    } catch (error) {
      if (error.name !== "AbortError") replace(body, trouble(error));
    }
  };
  dialog.addEventListener("close", () => {
    asking.abort();
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  show(item, description);
}
