/* Says that this form is open, and shows who else has it open. Without it the line is as the page was loaded. */
"use strict";

function startPresence(line) {
    const token = document.querySelector(".ta-form [name=csrfmiddlewaretoken]")?.value;
    const writes = Boolean(token) && "editing" in line.dataset;

    function message(closed) {
        const data = new FormData();
        data.set("csrfmiddlewaretoken", token);
        if (closed) {
            data.set("closed", "1");
        }
        return data;
    }

    async function say() {
        try {
            const asked = writes ? {method: "POST", body: message(false)} : {};
            const response = await fetch(line.dataset.presence, asked);
            const {words} = await response.json();
            // A text that is the same again would be read aloud again.
            if (line.textContent !== words) {
                line.textContent = words;
            }
        } catch {
            line.textContent = ""; // nobody knows now
        }
    }

    setInterval(say, line.dataset.seconds * 1000);
    addEventListener("pagehide", () => writes && navigator.sendBeacon(line.dataset.presence, message(true)));
    addEventListener("pageshow", say);
}

document.querySelectorAll("[data-presence]").forEach(startPresence);
