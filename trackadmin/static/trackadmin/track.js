// Sends what a page marks with data-track, and what its scripts give to trackadmin.track(url, {…}).
// Nothing else is sent, nothing is stored, and no error reaches the page.
(() => {
  "use strict";
  if (window.trackadmin) return;
  const RETRY_MILLISECONDS = 1000;

  // By this id the server knows a second try. randomUUID exists only on https and localhost.
  function newId() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const digits = Array.from(bytes, (each) => (each + 256).toString(16).slice(1)).join("");
    return digits.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  // A form's encoding needs no question to a server of another origin.
  function bodyOf(url, parameters) {
    const body = new URLSearchParams();
    for (const [name, value] of Object.entries(parameters || {})) {
      if (value !== null && value !== undefined) body.append(name, value);
    }
    const own = body.has("event_id") || new URL(url, document.baseURI).searchParams.has("event_id");
    if (!own) body.append("event_id", newId());
    return body;
  }

  function post(url, body, again) {
    const retry = () => { if (again) setTimeout(post, RETRY_MILLISECONDS, url, body, false); };
    const options = { method: "POST", body, keepalive: true, mode: "no-cors", credentials: "include" };
    fetch(url, options).then((response) => { if (response.status >= 500) retry(); }, retry);
  }

  function track(url, parameters) {
    try {
      if (!url) return;
      const body = bodyOf(url, parameters);
      let taken = false;
      try { taken = navigator.sendBeacon(url, body); } catch { /* there is none: fetch sends it */ }
      if (!taken) post(url, body, true);
    } catch { /* a page never fails because of tracking */ }
  }

  // A form counts when it is sent, not when something in it is pressed.
  function marked({ type, target, button }) {
    if (type === "submit") return target;
    // The middle button opens a link, and does nothing to anything else.
    const counts = type === "click" || (button === 1 && target.closest("a[href]"));
    const nearest = counts && target.closest("[data-track]");
    return nearest instanceof HTMLFormElement ? null : nearest;
  }

  function happened(event) {
    try {
      const element = marked(event);
      // A form's fields may be called like its own methods.
      if (element) track(Element.prototype.getAttribute.call(element, "data-track"));
    } catch { /* what happened to the document or the window, not to an element */ }
  }

  // While the event goes down, so that no handler of the page can hide it.
  for (const type of ["click", "auxclick", "submit"]) document.addEventListener(type, happened, true);
  window.trackadmin = Object.freeze({ track });
})();
