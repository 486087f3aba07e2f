// Which metrics belong together: the model's own, and what does as well without a model.

const BASELINES = [["popularity", "popularity"], ["own_items", "customer's most frequent"], ["own_recent", "customer's latest"]];
const NO_QUALITY = /^(users_|cold_|candidate_|fit_|rows|pairs)|_se$/; // counts, and standard errors
const OF_EPOCH = /^epoch_/; // measured on some customers, while the training goes on

/** Names of a run's metrics that are the model's own, the contract's first. */
export function ownMetrics(runs) {
  const names = new Set(runs.flatMap((run) => Object.keys(run.metrics)));
  return [...names].filter((name) => !NO_QUALITY.test(name) && !BASELINES.some(([part]) => name.includes(`_${part}`)))
    .sort((a, b) => Number(b === "p@k(10)") - Number(a === "p@k(10)") || a.localeCompare(b));
}

/** The metric's counterparts of a baseline: X and X_new_items have X_popularity and X_popularity_new_items. */
export function counterparts(name, metrics) {
  const [, base, rest] = /^(.*?)(_new_items)?$/.exec(name.replace(OF_EPOCH, ""));
  return BASELINES.map(([part, label]) => ({ label, name: `${base}_${part}${rest ?? ""}` })).filter((each) => each.name in metrics);
}

/** The same metric of a whole, trained model. */
export const final = (name) => name.replace(OF_EPOCH, "");

export function metricLabel(name) {
  const said = { "_new_items": "held out, items new to the customer", "_in_sample": "in sample, no forecast" };
  const rest = Object.keys(said).find((end) => name.endsWith(end));
  const base = rest ? name.slice(0, -rest.length) : name;
  const measured = OF_EPOCH.test(name) ? "held out, some of the customers" : rest ? said[rest] : "held out";
  return `${base.replace(OF_EPOCH, "").replace("p@k(10)", "precision@10").replaceAll("_", " ")} (${measured})`;
}
