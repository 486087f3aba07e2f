// Polls while the page is visible.

/**
 * Call `look` now, and again some seconds after it has returned, but not while the tab is hidden.
 * `look` receives an AbortSignal, and may return the seconds until the next call. Returns a function that stops it.
 */
export function follow(look, seconds) {
  const ended = new AbortController();
  let timer;
  let looking = false;
  const again = async () => {
    if (document.hidden || looking || ended.signal.aborted) return;
    looking = true;
    const next = (await look(ended.signal)) ?? seconds;
    looking = false;
    if (!ended.signal.aborted) timer = setTimeout(again, next * 1000);
  };
  const wake = () => {
    clearTimeout(timer);
    again();
  };
  document.addEventListener("visibilitychange", wake, { signal: ended.signal });
  again();
  return () => {
    ended.abort();
    clearTimeout(timer);
  };
}

/** Draw only what has changed: this keeps the reader's selection and saves work. */
export function onChange(draw) {
  let shown;
  const drawn = (value, ...more) => {
    const text = JSON.stringify(value);
    if (text === shown) return;
    shown = text;
    draw(value, ...more);
  };
  drawn.forget = () => {
    shown = undefined;
  };
  return drawn;
}
