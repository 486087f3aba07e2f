// What a view shows when it cannot be told what it wants to show.
import { el, empty, notice } from "./dom.js";

/** Put a Refusal into a notice that says what to do. */
export function trouble(error) {
  if (error.name === "AbortError") return null;
  switch (error.kind) {
    case "no_stack":
      return empty("Nothing is deployed", error.message, el("p", { class: "note" }, "This page looks again by itself."));
    case "unknown":
      return notice("", error.message);
    case "bad_request":
      return notice("warn", error.message);
    case "fault":
      return notice("bad", "Something is wrong here", error.message);
    case "gone":
      return notice("bad", "Not connected", error.message, "This page looks again by itself.");
    default:
      return notice("bad", "The cloud could not be asked", error.message ?? String(error), "This page goes on, and looks again by itself.");
  }
}
