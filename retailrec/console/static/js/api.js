// Requests to the console's own server. An error holds a sentence for people.

export class ApiError extends Error {
  constructor(sentence, kind) {
    super(sentence);
    this.kind = kind;
  }
}

const GONE = "The console does not answer: it was stopped in its terminal. Start it again with retailrec console.";

function address(path, query) {
  const url = new URL(`/api/${path}`, location.origin);
  for (const [name, value] of Object.entries(query)) {
    for (const each of [value].flat()) url.searchParams.append(name, each);
  }
  return url;
}

/** Read JSON from the console; throws ApiError. */
export async function get(path, query = {}, signal = undefined) {
  let response;
  try {
    response = await fetch(address(path, query), { signal, headers: { accept: "application/json" } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(GONE, "gone");
  }
  return parse(response.status, await response.text());
}

/** Parse a response's body as JSON; throws ApiError for an error status. */
function parse(status, text) {
  let body = {};
  try {
    body = JSON.parse(text);
  } catch {
    throw new ApiError(`The console answered ${status} without JSON.`, "fault");
  }
  if (status >= 400) throw new ApiError(body.sentence || `The console answered ${status}.`, body.kind || "fault");
  return body;
}

/**
 * Read a fragment of HTML that the console's server rendered, as nodes; throws ApiError.
 * The browser parses the response as a document of its own, so that no script here turns text into markup.
 */
export function getFragment(path, query, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch returns no document
    request.open("GET", address(path, query));
    request.addEventListener("readystatechange", () => {
      if (request.readyState === XMLHttpRequest.HEADERS_RECEIVED && request.status === 200) request.responseType = "document";
    });
    request.addEventListener("error", () => reject(new ApiError(GONE, "gone")));
    request.addEventListener("abort", () => reject(new DOMException("Another fragment is wanted.", "AbortError")));
    request.addEventListener("load", () => {
      try {
        if (request.status !== 200) parse(request.status, request.responseText);
        resolve([...request.response.body.childNodes].map((node) => document.importNode(node, true)));
      } catch (error) {
        reject(error);
      }
    });
    signal.addEventListener("abort", () => request.abort());
    request.send();
  });
}

/** Send a file, to replace the dataset or to `append` to it; `sent` is called with the share that has been sent. */
export function send(file, append, sent) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not report an upload's progress
    request.open("PUT", `/api/drops?name=${encodeURIComponent(file.name)}&append=${append}`);
    request.setRequestHeader("x-console-token", document.querySelector("meta[name=console-token]").content);
    request.upload.addEventListener("progress", (event) => event.lengthComputable && sent(event.loaded / event.total));
    request.addEventListener("error", () => reject(new ApiError("The file could not be read or sent: check that it still exists.", "gone")));
    request.addEventListener("load", () => {
      try {
        resolve(parse(request.status, request.responseText));
      } catch (error) {
        reject(error);
      }
    });
    request.send(file);
  });
}
