// Looks again and again while somebody looks at the page.

/**
 * Call `look` now, and again some seconds after it has ended, but not while the tab is hidden.
 * `look` gets an AbortSignal, and may return the seconds until the next look. Returns a function that ends it.
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

/** Draw only what has changed: keeps the reader's selection, and the machine quiet. */
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
