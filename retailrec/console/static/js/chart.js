// A line chart in SVG, drawn to the width it has, with its numbers in a table below.
import { el, svg } from "./dom.js";

const HEIGHT = 260;
const MARGIN = { top: 14, right: 14, bottom: 38, left: 52 };
const DASHES = ["", "7 4", "2 4", "10 3 2 3"];

/**
 * chart: {id, title, xName, yName, series: [{name, points: [{x, y, label}]}], references: [{name, y}], format}
 * x counts from 1 or is an epoch; label says what a point is.
 */
export function lineChart(chart) {
  const drawing = el("div", {});
  const figure = el("figure", { class: "chart" }, drawing, legend(chart), table(chart));
  let width = 0;
  const watch = new ResizeObserver(([entry]) => {
    if (!figure.isConnected) return;
    const now = Math.round(entry.contentRect.width);
    if (now === width || now === 0) return;
    width = now;
    drawing.replaceChildren(draw(chart, width));
  });
  watch.observe(drawing);
  return figure;
}

function draw(chart, width) {
  const points = chart.series.flatMap((series) => series.points);
  const ys = [...points.map((point) => point.y), ...chart.references.map((each) => each.y)];
  const xs = points.map((point) => point.x);
  const ticks = yTicks(Math.max(...ys, 0));
  const top = ticks.at(-1);
  const [low, high] = [Math.min(...xs), Math.max(...xs)];
  const right = width - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const x = (value) => (high === low ? (MARGIN.left + right) / 2 : MARGIN.left + ((value - low) / (high - low)) * (right - MARGIN.left));
  const y = (value) => bottom - (value / top) * (bottom - MARGIN.top);
  const titleId = `${chart.id}-title`;
  return svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, height: HEIGHT, role: "img", "aria-labelledby": titleId },
    svg("title", { id: titleId }, `${chart.title}. The numbers are in the table below.`),
    ticks.map((tick) => svg("g", {},
      svg("line", { class: tick ? "gridline" : "axis", x1: MARGIN.left, x2: right, y1: y(tick), y2: y(tick) }),
      svg("text", { x: MARGIN.left - 8, y: y(tick) + 4, "text-anchor": "end" }, short(tick)))),
    xTicks(low, high, width).map((tick) => svg("text", { x: x(tick), y: bottom + 18, "text-anchor": "middle" }, String(tick))),
    svg("text", { x: (MARGIN.left + right) / 2, y: HEIGHT - 2, "text-anchor": "middle" }, chart.xName),
    chart.references.map((each, index) => svg("line", { class: `reference s${(chart.series.length + index) % 4}`,
      x1: MARGIN.left, x2: right, y1: y(each.y), y2: y(each.y) }, svg("title", {}, `${each.name}: ${chart.format(each.y)}`))),
    chart.series.map((series, index) => svg("g", { class: `s${index % 4}` },
      svg("polyline", { class: "line", "stroke-dasharray": DASHES[index % 4], points: series.points.map((point) => `${x(point.x)},${y(point.y)}`).join(" ") }),
      series.points.length <= 40 && series.points.map((point) => svg("circle", { class: "dot", cx: x(point.x), cy: y(point.y), r: 4 },
        svg("title", {}, `${series.name}, ${point.label}: ${chart.format(point.y)}`))))));
}

function legend(chart) {
  const sample = (index, kind, dash) => svg("svg", { "aria-hidden": "true", viewBox: "0 0 26 12", class: `s${index % 4}` },
    svg("line", { class: kind, x1: 1, x2: 25, y1: 6, y2: 6, "stroke-width": 2.5, "stroke-dasharray": dash }));
  return el("ul", { class: "legend" },
    chart.series.map((series, index) => el("li", {}, sample(index, "", DASHES[index % 4]), series.name)),
    chart.references.map((each, index) => el("li", {}, sample(chart.series.length + index, "reference", null), `${each.name} ${chart.format(each.y)}`)));
}

function table(chart) {
  const labels = [...new Map(chart.series.flatMap((series) => series.points).map((point) => [point.x, point.label])).entries()].sort((a, b) => a[0] - b[0]);
  const found = chart.series.map((series) => new Map(series.points.map((point) => [point.x, point.y])));
  const head = [chart.xName, ...chart.series.map((series) => series.name)];
  return el("details", { id: `${chart.id}-table` }, el("summary", {}, "The numbers"),
    el("div", { class: "scroll tall", tabindex: "0", role: "group", "aria-label": chart.title }, el("table", {},
      el("thead", {}, el("tr", {}, head.map((name, place) => el("th", { scope: "col", class: place ? "n" : "" }, name)))),
      el("tbody", {}, labels.map(([x, label]) => el("tr", {}, el("th", { scope: "row" }, label),
        found.map((values) => el("td", { class: "n" }, values.has(x) ? chart.format(values.get(x)) : "–"))))))));
}

/** A step of one plain digit, so that about so many make up a length. */
function niceStep(length, many) {
  const least = length / many;
  const unit = 10 ** Math.floor(Math.log10(least));
  return unit * [1, 2, 5, 10].find((each) => each * unit >= least * 0.999);
}

function yTicks(high) {
  const step = niceStep(high > 0 ? high : 1, 5);
  return Array.from({ length: Math.max(2, Math.ceil((high / step) * 0.999) + 1) }, (_, index) => index * step);
}

function xTicks(low, high, width) {
  const step = high > low ? Math.max(1, niceStep(high - low, Math.max(2, Math.floor(width / 90)))) : 1;
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(tick);
  return ticks;
}

const short = (tick) => String(Number(tick.toPrecision(6)));
