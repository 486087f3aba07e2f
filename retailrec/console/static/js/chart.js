// A card with a chart or a table that the console's server renders.
import { getFragment } from "./api.js";
import { replace } from "./dom.js";
import { problemNotice } from "./problem.js";

/** Fill a card with a heading and a fragment; what was requested last is what is shown. */
export function chartCard(card) {
  let loading = new AbortController();
  const stop = () => loading.abort();
  const show = async (heading, path, query = {}) => {
    stop();
    loading = new AbortController();
    const { signal } = loading;
    try {
      const nodes = await getFragment(path, query, signal);
      if (!signal.aborted) replace(card, heading, nodes);
    } catch (error) {
      if (error.name !== "AbortError" && !signal.aborted) replace(card, heading, problemNotice(error));
    }
  };
  const text = (...nodes) => {
    stop();
    replace(card, ...nodes);
  };
  return { show, text, stop };
}
