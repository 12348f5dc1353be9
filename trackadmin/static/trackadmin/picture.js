/* Draws the boxes and arrows that a page describes; the table below it says the same. */
"use strict";

{
    const SVG = "http://www.w3.org/2000/svg";
    const LINE = 16; // from one line of text to the next
    const PADDING = 10;
    const SMALLEST = 0.4;
    const LARGEST = 2;
    const STEP = 1.25;

    function element(name, attributes, ...children) {
        const made = document.createElementNS(SVG, name);
        Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
        made.append(...children);
        return made;
    }

    /* Lines of text, each with the class of its kind, that begin at the origin. */
    function lines(texts) {
        const made = element("text", {});
        texts.forEach(({words, kind}, index) => {
            made.append(element("tspan", {x: 0, y: LINE * (index + 0.75), class: `ta-line-${kind}`}, words));
        });
        return made;
    }

    /* A box with its text, at the origin; a link if it leads somewhere. */
    function boxOf(box) {
        const frame = element("rect", {rx: 6});
        const text = lines(box.lines);
        const shape = element("g", {class: `ta-box ta-part-${box.state}`}, frame, text);
        return box.href ? element("a", {href: box.href, "aria-label": box.name}, shape) : shape;
    }

    /* The size of a drawn text decides the size of its frame. */
    function fit(part, padding) {
        const {width, height} = part.querySelector("text").getBBox();
        const frame = part.querySelector("rect");
        part.querySelector("text").setAttribute("transform", `translate(${padding} ${padding})`);
        frame.setAttribute("width", width + 2 * padding);
        frame.setAttribute("height", height + 2 * padding);
        return {width: width + 2 * padding, height: height + 2 * padding};
    }

    function place(part, {x, y, width, height}) {
        part.setAttribute("transform", `translate(${x - width / 2} ${y - height / 2})`);
    }

    /* Through the points, with round corners. */
    function path(points) {
        const [first, ...rest] = points;
        const last = rest.pop();
        const turns = rest.map((point, index) => {
            const next = rest[index + 1] || last;
            return `Q${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`;
        });
        return `M${first.x} ${first.y} ${turns.join(" ")} L${last.x} ${last.y}`;
    }

    function heads(states) {
        return element("defs", {}, ...states.map((state) => element(
            "marker",
            {id: `ta-head-${state}`, viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto"},
            element("path", {d: "M0 0 L8 4 L0 8 z", class: `ta-head ta-part-${state}`}),
        )));
    }

    function draw(place_of_picture, facts) {
        const states = [...new Set(facts.arrows.map((arrow) => arrow.state))];
        const arrows = element("g", {"aria-hidden": "true"});
        const boxes = element("g", {});
        const picture = element("svg", {role: "group", "aria-label": facts.title}, heads(states), arrows, boxes);
        place_of_picture.append(picture);

        const graph = new dagre.graphlib.Graph({multigraph: true});
        graph.setGraph({rankdir: "LR", nodesep: 20, ranksep: 36, edgesep: 12, marginx: 12, marginy: 12});
        const drawn = new Map();
        facts.boxes.forEach((box) => {
            const part = boxOf(box);
            boxes.append(part);
            drawn.set(box.id, part);
            graph.setNode(box.id, fit(part, PADDING));
        });
        const labels = facts.arrows.map((arrow, index) => {
            const label = element("g", {class: `ta-arrow-label ta-part-${arrow.state}`}, element("rect", {}), lines(arrow.lines));
            arrows.append(label);
            graph.setEdge(arrow.start, arrow.end, {...fit(label, 2), labelpos: "c"}, String(index));
            return label;
        });
        dagre.layout(graph);

        drawn.forEach((part, id) => place(part, graph.node(id)));
        facts.arrows.forEach((arrow, index) => {
            const found = graph.edge(arrow.start, arrow.end, String(index));
            const kind = `ta-arrow ta-part-${arrow.state}${arrow.alone ? " ta-alone" : ""}`;
            arrows.prepend(element("path", {class: kind, d: path(found.points), "marker-end": `url(#ta-head-${arrow.state})`}));
            place(labels[index], found);
        });
        return {picture, size: graph.graph()};
    }

    function startZoom(tools, {picture, size}, room) {
        const widest = Math.max(size.width, 1);
        let scale = Math.min(1, Math.max(0.7, room / widest));
        function zoom(to) {
            scale = Math.min(LARGEST, Math.max(SMALLEST, to));
            picture.setAttribute("width", widest * scale);
            picture.setAttribute("height", size.height * scale);
        }
        picture.setAttribute("viewBox", `0 0 ${widest} ${size.height}`);
        zoom(scale);
        tools.querySelector("[data-zoom-in]").addEventListener("click", () => zoom(scale * STEP));
        tools.querySelector("[data-zoom-out]").addEventListener("click", () => zoom(scale / STEP));
        tools.hidden = false;
    }

    const shown = document.getElementById("picture");
    if (shown) {
        shown.hidden = false;
        const facts = JSON.parse(document.getElementById("picture-facts").textContent);
        const drawn = draw(shown, facts);
        startZoom(document.getElementById("picture-tools"), drawn, shown.clientWidth - 2);
    }
}
