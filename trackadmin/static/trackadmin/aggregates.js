/* Shows at once what fits the choices in a count or sum. Without it, buttons ask for the same. */
"use strict";

(() => {
    const form = document.getElementById("tracked-model");
    const parts = window.trackadminParts;
    let newest = 0;

    const section = () => form?.querySelector("[data-aggregates]");

    /* Ask the server for the section as it is after this, and put it in its place. */
    async function ask(what) {
        newest += 1;
        const number = newest;
        const sent = parts.asked(form, what, "aggregates");
        const found = await parts.ask(form, sent, "[data-aggregates]");
        if (number !== newest) {
            return; // something else was chosen in the meantime
        }
        if (!found) {
            parts.show(section(), "[data-without-script]", true);
            return;
        }
        parts.put(section(), found, sent);
        parts.show(section(), "[data-without-script]", false);
        toFocus(what)?.focus();
        form.dispatchEvent(new CustomEvent("trackadmin:part"));
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

    if (!section()?.querySelector("[name=_show]")) {
        return;
    }
    parts.show(section(), "[data-without-script]", false);
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
