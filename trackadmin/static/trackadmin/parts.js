/* Sends a form for a part of its page. The server saves nothing and answers with the part alone. */
"use strict";

window.trackadminParts = (() => {
    /* The part as the server makes it of the form as it is now; null if there is no answer. */
    async function ask(form, sent, selector, signal) {
        const address = new URL(form.getAttribute("action") || location.href, location.href);
        const posts = form.method === "post";
        if (!posts) {
            address.search = new URLSearchParams(sent);
        }
        try {
            const response = await fetch(address, {signal, ...(posts && {method: "POST", body: sent})});
            const page = new DOMParser().parseFromString(await response.text(), "text/html");
            return page.querySelector(selector);
        } catch {
            return null;
        }
    }

    /* What the form sends when it asks for a part. */
    function asked(form, what, part) {
        const sent = new FormData(form);
        sent.set("_show", what);
        sent.set("_part", part);
        return sent;
    }

    /* Put the answer in the place of the part; what was typed since then is newer than the answer. */
    function put(place, found, sent) {
        const inputs = [...place.querySelectorAll("input[type=text], input[type=search], select")];
        const typed = inputs.filter((each) => each.value !== (sent.get(each.name) ?? ""));
        const focused = place.contains(document.activeElement) ? document.activeElement : null;
        place.replaceWith(document.adoptNode(found));
        typed.forEach((each) => {
            const input = document.getElementById(each.id);
            if (input) {
                input.value = each.value;
            }
        });
        const again = focused?.id && document.getElementById(focused.id);
        if (again) {
            again.focus();
            if (typeof focused.selectionStart === "number") {
                again.setSelectionRange(focused.selectionStart, focused.selectionEnd);
            }
        }
    }

    function show(place, selector, shown) {
        place.querySelectorAll(selector).forEach((each) => { each.hidden = !shown; });
    }

    return {ask, asked, put, show};
})();
