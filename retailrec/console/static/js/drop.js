// A place to drop a file, with its progress from the upload to a live model.
import { get, send } from "./api.js";
import { announce, el, notice, replace } from "./dom.js";
import { bytes } from "./format.js";
import { follow } from "./live.js";
import { followRun } from "./run.js";
import { problemNotice } from "./problem.js";

const KINDS = ".xlsx,.xls,.csv,.gz,.parquet,.zip";

export function dropView(main) {
  const input = el("input", { type: "file", id: "file", class: "hidden", accept: KINDS, tabindex: "-1" });
  const button = el("button", { type: "button", class: "main", id: "choose", onclick: () => input.click() }, "Choose a file");
  const choice = el("fieldset", { class: "choice" }, el("legend", {}, "What the file holds"),
    option("replace", "The whole log: it replaces the dataset", true),
    option("append", "New rows, such as a day\u2019s: they are added to the dataset"));
  const appends = () => choice.querySelector("input:checked").value === "append";
  const zone = el("div", { class: "zone", id: "zone" }, el("p", { class: "big" }, "Drop a file of transactions here"),
    el("p", { class: "note" }, "xlsx, xls, csv, csv.gz or parquet, or a zip of one; up to 1.2 GB, xlsx 300 MB"), button, el("label", { for: "file", class: "hidden" }, "File of transactions"), input);
  const state = el("div", { class: "stackup", id: "dropped" });
  let ends = [];
  const leave = () => {
    ends.forEach((end) => end());
    ends = [];
  };
  const take = (files) => {
    if (files.length !== 1) {
      replace(state, notice("warn", "One file at a time", "Drop a single file, and the next one after its upload."));
      return;
    }
    leave();
    begin(files[0], appends(), state, button, (end) => ends.push(end));
  };
  replace(main, el("div", { class: "title" }, el("h1", {}, "Drop a file"), el("p", {}, "From your transactions to recommendations, without another step")),
    el("div", { class: "stackup" }, choice, zone, state));
  input.addEventListener("change", () => {
    if (input.files.length) take([...input.files]);
    input.value = "";
  });
  const over = (event) => {
    event.preventDefault();
    if (!button.disabled) zone.classList.add("over");
  };
  const control = new AbortController();
  // Anywhere on the page: a file that misses the zone must not replace the page.
  for (const name of ["dragenter", "dragover"]) addEventListener(name, over, { signal: control.signal });
  addEventListener("dragleave", (event) => event.relatedTarget === null && zone.classList.remove("over"), { signal: control.signal });
  addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (!button.disabled && event.dataTransfer?.files.length) take([...event.dataTransfer.files]);
  }, { signal: control.signal });
  return () => {
    control.abort();
    leave();
  };
}

function option(value, text, checked = false) {
  return el("label", {}, el("input", { type: "radio", name: "kind", value, id: `kind-${value}`, checked }), text);
}

async function begin(file, append, state, button, onLeave) {
  const bar = el("progress", { max: "1", value: "0", "aria-labelledby": "drop-says" });
  const says = el("p", { id: "drop-says" });
  const say = (text) => {
    says.textContent = text;
    announce(text);
  };
  replace(state, el("section", { class: "card drop", "aria-label": "Upload" }, el("h2", {}, file.name), says, bar));
  say(`Reading ${bytes(file.size)}, ${append ? "to be added to the dataset" : "to replace the dataset"}`);
  button.disabled = true;
  try {
    const drop = await send(file, append, (share) => { bar.value = share; });
    say("Uploading to the raw bucket");
    onLeave(followDrop(drop, { state, bar, say, button, onLeave }));
  } catch (error) {
    button.disabled = false;
    refused(state, file.name, error.message);
  }
}

function followDrop(drop, { state, bar, say, button, onLeave }) {
  const end = follow(async (signal) => {
    try {
      const now = await get(`drops/${drop.id}`, {}, signal);
      bar.value = now.size ? now.sent / now.size : 0;
      if (now.state === "waiting") {
        bar.removeAttribute("value"); // the time that is left is not known
        say(`Uploaded. Waiting for the run to begin${now.sentence ? `. ${now.sentence}` : ""}`);
      }
      if (now.state === "uploading" || now.state === "waiting") return 0.4;
      end();
      button.disabled = false;
      if (now.state === "refused") refused(state, now.file, now.sentence);
      else onLeave(showRun(state, now));
    } catch (error) {
      if (error.name === "AbortError") return 0;
      if (error.kind !== "unknown") return 2;
      end();
      button.disabled = false;
      replace(state, problemNotice(error));
    }
    return 0;
  }, 0.4);
  return () => {
    end();
    button.disabled = false;
  };
}

function showRun(state, drop) {
  const place = el("div", { class: "stackup" });
  replace(state, drop.before
    ? notice("", "The same bytes were dropped before", "This is the run that they had; nothing was run again. To run them again, rename the file.")
    : null,
  place);
  announce(drop.before ? "The same bytes were dropped before; here is their run." : "The run has begun.");
  return followRun(place, drop.run_id);
}

function refused(state, file, sentence) {
  announce(sentence);
  replace(state, notice("bad", `${file} was refused`, sentence));
}
