/* Shows at once what fits the choices in a count or sum. Without it, buttons ask for the same. */
"use strict";

(() => {
    const form = document.getElementById("tracked-model");
    let newest = 0;

    const section = () => form?.querySelector("[data-aggregates]");

    /* Ask the server for the section as it is after this, and put it in its place. */
    async function ask(what) {
        newest += 1;
        const number = newest;
        const sent = new FormData(form);
        sent.set("_show", what);
        sent.set("_part", "aggregates");
        const found = await answer(sent);
        if (number !== newest) {
            return; // something else was chosen in the meantime
        }
        if (found) {
            put(found, sent);
        } else {
            offerButtons();
        }
    }

    async function answer(sent) {
        try {
            const address = form.getAttribute("action") || location.href;
            const response = await fetch(address, {method: "POST", body: sent});
            const page = new DOMParser().parseFromString(await response.text(), "text/html");
            return page.querySelector("[data-aggregates]");
        } catch {
            return null;
        }
    }

    function put(found, sent) {
        // What was typed while the answer was under way is newer than the answer.
        const inputs = [...section().querySelectorAll("input[type=text], select")];
        const typed = inputs.filter((each) => each.value !== (sent.get(each.name) ?? ""));
        const focused = document.activeElement?.id;
        section().replaceWith(document.adoptNode(found));
        typed.forEach((each) => {
            const input = document.getElementById(each.id);
            if (input) {
                input.value = each.value;
            }
        });
        hideButtons();
        const next = toFocus(sent.get("_show")) || document.getElementById(focused);
        next?.focus();
    }

    /* The row that was added, or the button that moved a row, in its new place. */
    function toFocus(what) {
        const [step, number] = what.split("-");
        if (step === "add") {
            return [...section().querySelectorAll("fieldset")].at(-1)?.querySelector("select");
        }
        const place = Number(number) + (step === "up" ? -1 : 1);
        const buttons = [...section().querySelectorAll(`#g-${place} .ta-move button:enabled`)];
        return buttons.find((each) => each.value.startsWith(step)) || buttons[0];
    }

    function hideButtons() {
        section().querySelectorAll("[data-without-script]").forEach((each) => { each.hidden = true; });
    }

    function offerButtons() {
        section().querySelectorAll("[data-without-script]").forEach((each) => { each.hidden = false; });
    }

    if (!section()?.querySelector("[name=_show]")) {
        return;
    }
    hideButtons();
    form.addEventListener("change", (event) => {
        if (event.target.dataset.asks) {
            ask(event.target.dataset.asks);
        }
    });
    form.addEventListener("click", (event) => {
        const button = event.target.closest("button[name=_show]");
        // A button that is offered because the server did not answer sends the form itself.
        if (button && !button.hasAttribute("data-without-script")) {
            event.preventDefault();
            ask(button.value);
        }
    });
})();
