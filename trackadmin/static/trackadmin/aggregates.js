/* Shows at once what fits the choices in a count or sum. Without it, buttons ask for the same. */
"use strict";

(() => {
    const form = document.getElementById("tracked-model");
    let newest = 0;

    function section() {
        return form?.querySelector("[data-aggregates]");
    }

    function texts() {
        return [...section().querySelectorAll("input[type=text], select")];
    }

    /* Ask the server for the section as it is after this, and put it in its place. */
    async function ask(what) {
        const number = (newest += 1);
        const sent = new FormData(form);
        sent.set("_show", what);
        sent.set("_part", "aggregates");
        const found = await answer(sent);
        if (number !== newest) {
            return;
        }
        if (found) {
            put(found, sent);
        } else {
            start(false);
        }
    }

    async function answer(sent) {
        try {
            const response = await fetch(form.action || location.href, {method: "POST", body: sent});
            const page = new DOMParser().parseFromString(await response.text(), "text/html");
            return page.querySelector("[data-aggregates]");
        } catch {
            return null;
        }
    }

    function put(found, sent) {
        // What was typed while the answer was under way is newer than the answer.
        const typed = texts().filter((each) => each.value !== (sent.get(each.name) ?? ""));
        const focused = document.activeElement;
        const was = {id: focused?.id, name: focused?.name, value: focused?.value};
        section().replaceWith(document.adoptNode(found));
        typed.forEach((each) => {
            const input = document.getElementById(each.id);
            if (input) {
                input.value = each.value;
            }
        });
        start(true);
        focus(was, sent.get("_show"));
    }

    /* The keyboard stays where it was; a new row gets it. */
    function focus(was, what) {
        const rows = section().querySelectorAll("fieldset");
        const added = what === "add" && sentOne(rows);
        const input = added || (was.id && document.getElementById(was.id));
        const button = was.name === "_show" && form.querySelector(`[name=_show][value="${was.value}"]`);
        (input || button || null)?.focus();
    }

    function sentOne(rows) {
        return rows.length ? rows[rows.length - 1].querySelector("select") : null;
    }

    function start(works) {
        section().querySelectorAll("[data-without-script]").forEach((each) => { each.hidden = works; });
    }

    if (section() && section().querySelector("[name=_show]")) {
        start(true);
        form.addEventListener("change", (event) => {
            const what = event.target.dataset?.asks;
            if (what) {
                ask(what);
            }
        });
        form.addEventListener("click", (event) => {
            const button = event.target.closest("button[name=_show]");
            if (button && !(button.hasAttribute("data-without-script"))) {
                event.preventDefault();
                ask(button.value);
            }
        });
    }
})();
