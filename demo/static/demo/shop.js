// The panel shows what each tracking URL became. trackadmin's own script sends those of the buttons.
"use strict";

const POLL_MILLISECONDS = 1000;
const SOON_MILLISECONDS = 200; // after a button was pressed
const CARDS_KEPT = 30;

const list = document.getElementById("events");
const nothing = document.getElementById("nothing");
const state = document.querySelector(".state");
let newest = null; // id of the newest event on the page
const seen = new Map(); // action -> {version, names, before}: what its last event looked like

// ── Buying ──────────────────────────────────────────────────────────────────────────────────

async function buy(sku) {
  const form = new FormData(document.getElementById("buy"));
  form.set("product", sku);
  const answer = await fetch("/buy/", { method: "POST", body: form });
  if (!answer.ok) throw new Error(`The order was refused (${answer.status}). Load the page again.`);
  const order = await answer.json();
  trackadmin.track(order.track);
  return `Ordered: ${order.number}`;
}

async function order(button) {
  button.disabled = true;
  say("");
  try {
    say(await buy(button.dataset.buy));
  } catch (error) {
    say(error instanceof TypeError ? "The shop does not answer." : error.message, true);
  } finally {
    button.disabled = false;
  }
}

function say(text, bad = false) {
  state.textContent = text;
  state.classList.toggle("bad", bad);
}

// ── Showing ─────────────────────────────────────────────────────────────────────────────────

let polling = null; // the poll under way, so that two never overlap

function poll() {
  polling ??= ask().finally(() => { polling = null; });
  return polling;
}

async function ask() {
  const query = newest === null ? "" : `?after=${newest}`;
  try {
    const answer = await fetch(document.body.dataset.events + query, { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    const { events, ready } = await answer.json();
    if (state.classList.contains("bad")) say("");
    if (!ready) say("The map is not published.", true);
    newest ??= 0;
    events.forEach(show);
  } catch {
    say("The shop does not answer. Trying again …", true);
  }
}

function show(event) {
  if (newest !== null && event.id <= newest) return;
  newest = event.id;
  nothing.hidden = true;
  for (const open of list.querySelectorAll("details[open]")) open.open = false;
  list.prepend(card(event));
  while (list.children.length > CARDS_KEPT) list.lastElementChild.remove();
}

function card(event) {
  const values = new Map(event.became);
  const action = values.get("action") ?? "(no action)";
  const { added, gone } = changes(action, event.version, [...values.keys()]);
  const details = make("details", { open: true }, [
    make("summary", {}, [
      make("b", { textContent: action }),
      make("span", { className: "version", textContent: `version ${event.version}` }),
      make("time", { dateTime: event.at, textContent: new Date(event.at).toLocaleTimeString() }),
    ]),
    make("p", { className: "label", textContent: `Sent: ${length(event.sent)}` }),
    make("code", { className: "short", textContent: event.sent }),
    ...wrong(event.wrong),
    make("p", { className: "label", textContent: became(event) }),
    table(event.became, added, gone),
  ]);
  return make("li", {}, [details]);
}

// What the map found wrong with the event: the event carries these codes to every sink.
const WRONG = {
  "action.unknown": (name) => `The map has no action “${name}”.`,
  "action.not_live": (name) => `The action “${name}” is not live.`,
  "action.missing_model": (name) => `It must bring a ${name}.`,
  "action.unexpected_model": (name) => `It does not expect a ${name}.`,
  "action.missing_parameter": (name) => `It must have the parameter “${name}”.`,
  "parameter.wrong_kind": (name) => `The parameter “${name}” has a value of another kind.`,
  "parameter.undeclared": (name) => `The map does not declare the parameter “${name}”.`,
  "parameter.reserved": (name) => `“${name}” is a name of the map, so the parameter was left out.`,
  "signature.invalid": () => "Its signature is not valid.",
  "signature.expired": () => "Its signature has expired.",
  "event_id.invalid": () => "The id that it came with is not a UUID.",
  "name.deprecated": (name) => `“${name}” is deprecated.`,
};

function wrong(findings) {
  if (!findings.length) return [];
  const items = findings.map(({ code, name }) => make("li", {}, [
    make("span", { textContent: WRONG[code] ? WRONG[code](name) : name }),
    make("code", { textContent: code }),
  ]));
  return [
    make("p", { className: "label", textContent: "Wrong with it:" }),
    make("ul", { className: "wrong" }, items),
  ];
}

function became(event) {
  const text = JSON.stringify(Object.fromEntries(event.became));
  return `Became: ${event.became.length} names, ${length(text)}`;
}

function length(text) {
  return `${text.length.toLocaleString("en")} characters`;
}

// Which names an action has gained and lost since the version before, as far as this page saw it.
function changes(action, version, names) {
  const last = seen.get(action);
  const before = !last ? names : last.version === version ? last.before : last.names;
  seen.set(action, { version, names, before });
  return {
    added: new Set(names.filter((name) => !before.includes(name))),
    gone: before.filter((name) => !names.includes(name)),
  };
}

function table(pairs, added, gone) {
  const rows = pairs.map(([name, value]) => row(name, value, added.has(name) ? "new" : ""));
  rows.push(...gone.map((name) => row(name, undefined, "gone")));
  return make("dl", {}, rows);
}

function row(name, value, mark) {
  const parts = [make("dt", { textContent: name }), make("dd", { textContent: words(value) })];
  if (value === null || value === undefined) parts[1].className = "null";
  if (mark) parts[0].append(make("span", { className: "mark", textContent: mark }));
  return make("div", { className: mark }, parts);
}

function words(value) {
  return value === undefined ? "no longer tracked" : JSON.stringify(value);
}

function make(tag, properties, children = []) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// ── Start ───────────────────────────────────────────────────────────────────────────────────

document.documentElement.classList.add("js");
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-track], [data-buy]");
  if (!button) return;
  if (button.dataset.buy) order(button);
  setTimeout(poll, SOON_MILLISECONDS);
});
for (const select of document.querySelectorAll(".shopper select")) {
  select.addEventListener("change", () => select.form.submit());
}
poll();
setInterval(() => document.hidden || poll(), POLL_MILLISECONDS);
