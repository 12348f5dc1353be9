/* Refreshes the list of newest events by itself. Without it the page shows the list as it was loaded. */
"use strict";

/* Put the rows of a fresh list in place. A row that stays is not touched, so it keeps the focus. */
function freshRows(before, after) {
    const focused = document.activeElement?.closest("tr")?.id;
    const known = new Map([...before.rows].map((row) => [row.id, row]));
    const rows = [...after.rows].map((row) => {
        const old = known.get(row.id);
        if (old?.innerHTML === row.innerHTML) {
            return old;
        }
        row.classList.toggle("ta-arrived", !old);
        return document.adoptNode(row);
    });
    const news = rows.filter((row) => !known.has(row.id)).length;
    before.replaceChildren(...rows);
    if (focused) {
        document.getElementById(focused)?.querySelector("a")?.focus({preventScroll: true});
    }
    return news;
}

function startLive(section) {
    const list = section.querySelector("[data-live-list]");
    const state = section.querySelector("[data-live-state]");
    const news = section.querySelector("[data-live-news]");
    const button = section.querySelector("[data-live-pause]");
    let paused = false;
    let stopped = false;

    function say() {
        state.textContent = stopped ? state.dataset.stopped : paused ? state.dataset.paused : state.dataset.running;
        button.textContent = paused ? button.dataset.goOn : button.dataset.pause;
        button.hidden = stopped;
    }

    function show(page) {
        const fresh = page.querySelector("[data-live-list]");
        const [before, after] = [list, fresh].map((each) => each.querySelector("tbody"));
        const columns = [list, fresh].map((each) => each.querySelector("thead")?.textContent);
        if (!before || !after || columns[0] !== columns[1]) {
            list.replaceChildren(...document.adoptNode(fresh).childNodes);
            return after && !before ? after.rows.length : 0;
        }
        const count = freshRows(before, after);
        list.querySelector(".ta-pages").replaceWith(document.adoptNode(fresh.querySelector(".ta-pages")));
        return count;
    }

    async function look() {
        const response = await fetch(section.dataset.live, {redirect: "error"});
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        if (!response.ok || !page.querySelector("[data-live-list]")) {
            throw new Error(response.statusText);
        }
        const count = paused ? 0 : show(page);
        if (count) {
            news.textContent = `${news.dataset.new} ${count}`;
        }
    }

    async function go() {
        if (!paused && !document.hidden) {
            try {
                await look();
                failures = 0;
            } catch {
                failures += 1;
            }
        }
        stopped = failures >= 3;
        say();
        if (!stopped) {
            setTimeout(go, section.dataset.seconds * 1000);
        }
    }

    let failures = 0;
    button.addEventListener("click", () => {
        paused = !paused;
        say();
    });
    section.querySelector("[data-live-tools]").hidden = false;
    say();
    setTimeout(go, section.dataset.seconds * 1000);
}

document.querySelectorAll("[data-live]").forEach(startLive);
