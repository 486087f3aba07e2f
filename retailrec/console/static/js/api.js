// Asks the console's own server. A refusal is a sentence for people.

export class Refusal extends Error {
  constructor(sentence, kind) {
    super(sentence);
    this.kind = kind;
  }
}

const GONE = "The console does not answer: it was ended in its terminal. Start it again with retailrec console.";

/** Read JSON from the console; throws Refusal with a sentence. */
export async function ask(path, query = {}, signal = undefined) {
  const url = new URL(`/api/${path}`, location.origin);
  for (const [name, value] of Object.entries(query)) {
    for (const each of [value].flat()) url.searchParams.append(name, each);
  }
  let answer;
  try {
    answer = await fetch(url, { signal, headers: { accept: "application/json" } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(GONE, "gone");
  }
  return read(answer.status, await answer.text());
}

/** Read an answer's body, whoever fetched it. */
export function read(status, text) {
  let body = {};
  try {
    body = JSON.parse(text);
  } catch {
    throw new Refusal(`The console answered ${status} and no JSON.`, "fault");
  }
  if (status >= 400) throw new Refusal(body.sentence || `The console answered ${status}.`, body.kind || "fault");
  return body;
}

/** Send a file, to replace the dataset or to `append` to it; `sent` is told the share that left the browser. */
export function send(file, append, sent) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not tell how far an upload has come
    request.open("PUT", `/api/drops?name=${encodeURIComponent(file.name)}&append=${append}`);
    request.setRequestHeader("x-console-token", document.querySelector("meta[name=console-token]").content);
    request.upload.addEventListener("progress", (event) => event.lengthComputable && sent(event.loaded / event.total));
    request.addEventListener("error", () => reject(new Refusal("The file could not be read or sent: is it still there?", "gone")));
    request.addEventListener("load", () => {
      try {
        resolve(read(request.status, request.responseText));
      } catch (error) {
        reject(error);
      }
    });
    request.send(file);
  });
}
