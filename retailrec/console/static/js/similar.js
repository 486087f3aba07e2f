// A dialog with the items that are most similar to one.
import { get } from "./api.js";
import { el, replace } from "./dom.js";
import { recommendedItems } from "./items.js";
import { problemNotice } from "./problem.js";

const MANY = 10;

export function similarDialog(item, description) {
  const body = el("div", { class: "stackup" });
  const title = el("h2", { id: "similar-title" });
  const close = el("button", { type: "button", onclick: () => dialog.close() }, "Close");
  const dialog = el("dialog", { "aria-labelledby": "similar-title" }, el("div", { class: "stackup" }, el("div", { class: "row apart" }, title, close), body));
  const loading = new AbortController();

  const show = async (id, name) => {
    title.textContent = `Similar to ${name || id}`;
    replace(body, el("p", { class: "note" }, "Loading …"));
    try {
      const answer = await get("similar", { item: id, top_n: MANY }, loading.signal);
      const found = { source: answer.source ?? "similar", recommendations: answer.items };
      replace(body, found.recommendations.length
        ? [el("p", { class: "note" }, `Item ${id}; run ${answer.run_id.slice(0, 8)}`), recommendedItems(found, "similar", new Set(), { open: show })]
        : el("p", {}, "No other item is similar to it."));
    } catch (error) {
      if (error.name !== "AbortError") replace(body, problemNotice(error));
    }
  };
  dialog.addEventListener("close", () => {
    loading.abort();
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  show(item, description);
}
