/* Keeps the panel with a real object up to date while somebody edits. Without it, a button does. */
"use strict";

(() => {
    const form = document.getElementById("tracked-model");
    const button = form?.querySelector("[data-shows-object]");
    const parts = window.trackadminParts;
    const PAUSE = 350; // milliseconds without another change
    let newest = 0;
    let timer = 0;
    let running = null;

    const panel = () => document.getElementById("object-panel");
    const isShown = () => panel().classList.contains("ta-shown");

    async function update() {
        clearTimeout(timer);
        running?.abort(); // its answer would be older than what is on the page
        running = new AbortController();
        newest += 1;
        const number = newest;
        panel().setAttribute("aria-busy", "true");
        const sent = parts.asked(form, "preview", "preview");
        const found = await parts.ask(form, sent, "[data-object-panel]", running.signal);
        if (number === newest) {
            panel().removeAttribute("aria-busy");
            show(found, sent);
        }
    }

    function show(found, sent) {
        parts.show(panel(), "[data-failed]", !found);
        button.hidden = Boolean(found);
        if (found) {
            keep(found);
            parts.show(found, "[data-needs-script]", true); // what is hidden takes no focus
            parts.put(panel(), found, sent);
            said.textContent = panel().querySelector("[data-counts]")?.textContent ?? "";
        }
    }

    /* What somebody opened or closed stays so; and the last values stay while the form has errors. */
    function keep(found) {
        const [old, next] = [panel().querySelector("details"), found.querySelector("details")];
        if (old && next) {
            next.open = old.open;
        }
        const same = panel().querySelector("[data-same]")?.open;
        const nextSame = found.querySelector("[data-same]");
        if (same && nextSame) {
            nextSame.open = true;
        }
        const result = panel().querySelector("[data-result]");
        if ("stopped" in found.dataset && result && next) {
            result.classList.add("ta-older");
            next.lastElementChild.before(result);
        }
    }

    /* Tells the counts to who reads by ear; it stays when the panel is replaced. */
    const said = document.createElement("p");

    function soon() {
        if (isShown()) {
            clearTimeout(timer);
            timer = setTimeout(update, PAUSE);
        }
    }

    if (!button || !panel()) {
        return;
    }
    said.className = "visually-hidden";
    said.setAttribute("role", "status");
    form.append(said);
    form.addEventListener("input", (event) => {
        if (!event.target.closest(".ta-tools")) { // to filter the rows changes nothing
            soon();
        }
    });
    form.addEventListener("trackadmin:part", soon);
    form.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && event.target.name === "_find") {
            event.preventDefault(); // it would save the form
            update();
        }
    });
    button.addEventListener("click", async (event) => {
        event.preventDefault();
        await update();
        panel().querySelector("summary")?.focus();
    });
    if (isShown()) {
        button.hidden = true;
        parts.show(panel(), "[data-needs-script]", true);
    } else if ("load" in panel().dataset) {
        update();
    }
})();
