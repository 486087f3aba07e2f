// What a view shows when its data cannot be read.
import { el, empty, notice } from "./dom.js";

const RETRY = "This page tries again on its own.";

/** Show an ApiError as a notice that says what to do. */
export function problemNotice(error) {
  if (error.name === "AbortError") return null;
  switch (error.kind) {
    case "no_stack":
      return empty("Nothing is deployed", error.message, el("p", { class: "note" }, RETRY));
    case "unknown":
      return notice("", error.message);
    case "bad_request":
      return notice("warn", error.message);
    case "fault":
      return notice("bad", "The console has an error", error.message);
    case "gone":
      return notice("bad", "Not connected", error.message, RETRY);
    default:
      return notice("bad", "The cloud did not answer the request", error.message ?? String(error), RETRY);
  }
}
