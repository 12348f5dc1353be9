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
        const rows = [...body.querySelectorAll("tr[data-words]")];
        rows.forEach((row) => { row.hidden = !shown(row); });
        // A group's heading goes with its rows.
        body.querySelectorAll("tbody").forEach((group) => {
            group.hidden = !group.querySelector("tr[data-words]:not([hidden])");
        });
        nothing.hidden = rows.some((row) => !row.hidden);
    }

    tools.addEventListener("input", apply);
    // Enter in the search box must not send the form around it.
    word.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && tools.tagName !== "FORM") {
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

function isChanged(input) {
    if (input.type === "checkbox") {
        return input.checked !== input.defaultChecked;
    }
    const options = [...(input.options || [])];
    return options.length ? options.some((each) => each.selected !== each.defaultSelected) : input.value !== input.defaultValue;
}

/* Open the closed rows of a large form. They send only what was changed: the server has the rest. */
function startClosedRows(form) {
    const closed = [...form.querySelectorAll("[data-closed]")];
    closed.forEach((each) => { each.disabled = false; });
    closed.map((each) => each.closest("tr").querySelectorAll("[data-without-script]")).forEach((buttons) => {
        buttons.forEach((each) => { each.hidden = true; });
    });
    form.addEventListener("formdata", ({formData}) => {
        const changed = new Set(closed.filter(isChanged).map((each) => each.name));
        // A box that is not ticked is not sent, so the name says that the box was there.
        [...changed].filter((name) => name.endsWith("-lookup")).forEach((name) => changed.add(name.replace(/lookup$/, "name")));
        closed.filter((each) => !changed.has(each.name.replace(/lookup$/, "name")) && !changed.has(each.name))
            .forEach((each) => formData.delete(each.name));
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

/* Move what a table says of each attribute into the attribute's own row, where the page has one. */
function placeBeside(table) {
    let placed = false;
    table.querySelectorAll("[data-beside]").forEach((each) => {
        const place = document.querySelector(`[data-profile-of="${CSS.escape(each.dataset.beside)}"]`);
        place?.replaceChildren(each);
        placed ||= Boolean(place);
    });
    if (placed) {
        table.hidden = true;
        table.closest("section").querySelector("[data-beside-note]").hidden = false;
    }
}

/* Start the comforts of a page, or of a part that came later. */
function start(part) {
    part.querySelectorAll("[data-filter]").forEach(startFilter);
    part.querySelectorAll("[data-copy]").forEach(startCopy);
    part.querySelectorAll("[data-beside-table]").forEach(placeBeside);
}

document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-into]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
        event.preventDefault();
        showHere(link);
    }
});
start(document);
document.querySelectorAll(".ta-form").forEach(startClosedRows);
followPrefix();
startSelects();
