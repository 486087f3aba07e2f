// Numbers, times and names written for people.

const whole = new Intl.NumberFormat("en-GB");
const LABELS = {
  preparing: "preparing", prepared: "prepared", training: "training", approved: "approved", live: "live",
  collected: "collected", superseded: "superseded", rejected: "file refused", model_rejected: "model refused", failed: "failed",
};

export const count = (number) => (number === null || number === undefined ? "–" : whole.format(number));

export function seconds(number) {
  if (number === null || number === undefined) return "";
  if (number < 60) return `${number.toFixed(1)} s`;
  const minutes = Math.floor(Math.round(number) / 60);
  return `${minutes} min ${String(Math.round(number) % 60).padStart(2, "0")} s`;
}

export const metric = (number) => (number === null || number === undefined ? "–" : number.toFixed(4));

/** A score with four significant digits; counts as counts. */
export function score(number) {
  return Number.isInteger(number) && number >= 1 ? count(number) : String(Number(number.toPrecision(4)));
}

export function time(text) {
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? text : moment.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

/** A time in the shop's time zone, as it is in the file. */
export const shopTime = (text) => text.replace("T", " ").slice(0, 16);

export const words = (name) => name.replaceAll("_", " ");

export const statusLabel = (status) => LABELS[status] ?? words(status);

export function bytes(size) {
  if (size < 1000) return `${size} bytes`;
  const [unit, per] = size < 1e6 ? ["kB", 1e3] : size < 1e9 ? ["MB", 1e6] : ["GB", 1e9];
  return `${(size / per).toFixed(size / per < 10 ? 1 : 0)} ${unit}`;
}
