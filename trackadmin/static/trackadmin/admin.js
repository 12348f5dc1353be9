/* Comforts on trackadmin's pages. Every page works without it. */
"use strict";

/* Filter the rows of a table by a word, by what is tracked and by what differs. */
function startFilter(tools) {
    const body = document.querySelector(tools.dataset.filter);
    if (!body) {
        return;
    }
    const word = tools.querySelector("input[type=search]");
    const tracked = tools.querySelector("[data-only-tracked]");
    const changed = tools.querySelector("[data-only-changed]");
    const nothing = tools.closest("section").querySelector("[data-nothing]");

    function shown(row) {
        if (!row.dataset.words.toLowerCase().includes(word.value.trim().toLowerCase())) {
            return false;
        }
        if (tracked?.checked && !row.querySelector('.ta-choice input[value="tracked"]:checked')) {
            return false;
        }
        return !(changed?.checked && row.dataset.status === "same");
    }

    function apply() {
        const rows = [...body.rows];
        rows.forEach((row) => { row.hidden = !shown(row); });
        nothing.hidden = rows.some((row) => !row.hidden);
    }

    tools.addEventListener("input", apply);
    // Enter in the search box must not send the form around it.
    word.addEventListener("keydown", (event) => {
        if (event.key === "Enter") {
            event.preventDefault();
        }
    });
    tools.hidden = false;
}

/* Show the prefix as it is typed before each output name. */
function followPrefix() {
    const field = document.getElementById("id_prefix");
    field?.addEventListener("input", () => {
        document.querySelectorAll("[data-prefix]").forEach((each) => {
            each.textContent = `${field.value}_`;
        });
    });
}

/* Reveal the button that copies another element's text. */
function startCopy(button) {
    if (!navigator.clipboard) {
        return;
    }
    const words = button.textContent;
    button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
        button.textContent = button.dataset.copied;
        setTimeout(() => { button.textContent = words; }, 1500);
    });
    button.hidden = false;
}

/* Search inside long select boxes, and show a picked sample at once. */
function startSelects() {
    const jQuery = window.django?.jQuery;
    if (!jQuery?.fn.select2) {
        return;
    }
    jQuery(".ta-searchable").select2({theme: "admin-autocomplete", width: "100%"});
    jQuery("select[data-submits]").on("select2:select", function () {
        this.form.submit();
    });
    jQuery(document).on("select2:open", (event) => {
        const field = document.querySelector(".select2-search__field");
        field?.setAttribute("aria-label", event.target.labels[0].textContent);
    });
    jQuery(nameSelects); // after Django has made its own
}

/* Name the boxes that stand for select boxes: by the label, and by what is chosen. */
function nameSelects() {
    document.querySelectorAll(".ta select.select2-hidden-accessible").forEach((select) => {
        const label = select.labels[0];
        const box = select.nextElementSibling.querySelector(".select2-selection");
        const chosen = box.querySelector(".select2-selection__rendered");
        label.id ||= `${select.id}-label`;
        chosen.setAttribute("aria-labelledby", label.id);
        box.setAttribute("aria-labelledby", `${label.id} ${chosen.id}`);
    });
}

/* Put a part of the page that a link leads to in the place of the same part of this page. */
async function showHere(link) {
    const place = document.getElementById(link.dataset.into);
    place.setAttribute("aria-busy", "true");
    try {
        const response = await fetch(link.href);
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const found = document.adoptNode(page.getElementById(place.id));
        place.replaceWith(found);
        start(found);
        // The link may be gone; who reads by ear continues with what came.
        found.tabIndex = -1;
        found.focus();
    } catch {
        location.assign(link.href);
    }
}

/* Start the comforts of a page, or of a part that came later. */
function start(part) {
    part.querySelectorAll("[data-filter]").forEach(startFilter);
    part.querySelectorAll("[data-copy]").forEach(startCopy);
}

document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-into]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
        event.preventDefault();
        showHere(link);
    }
});
start(document);
followPrefix();
startSelects();
