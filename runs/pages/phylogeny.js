// The family tree: nodes in the order of proposal from left to right, drawn to zoom, move and walk.

const SCALE = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [222, 205, 40]];
const PALETTE = 8;

function scaled(share) {
  const at = Math.min(Math.max(share, 0), 1) * (SCALE.length - 1);
  const low = Math.min(Math.floor(at), SCALE.length - 2);
  const mixed = SCALE[low].map((c, k) => Math.round(c + (SCALE[low + 1][k] - c) * (at - low)));
  return `rgb(${mixed.join(",")})`;
}

class Phylogeny {
  constructor(svg, nodes, elite, opened) {
    Object.assign(this, { svg, nodes, opened, current: 0, moved: false });
    this.elite = new Set(elite);
    this.children = nodes.map(() => []);
    nodes.forEach((node, place) => { if (node.parent >= 0) this.children[node.parent].push(place); });
    const scores = nodes.map((n) => n.score).filter((s) => s !== null).sort((a, b) => a - b);
    this.low = scores[Math.floor(scores.length * 0.1)] ?? 0;
    this.high = scores.at(-1) ?? 1;
    this.stage = drawing("g");
    svg.replaceChildren(this.stage);
    this.draw();
    this.arrange("descent");
    this.paint("proposer");
    this.listen();
  }

  // Where everything is

  byDescent() {
    // Leaves get a row each in the order of a walk; a parent stands midway between its children.
    const y = new Float64Array(this.nodes.length);
    let row = 0;
    const walk = this.nodes.flatMap((node, place) => (node.parent < 0 ? [place] : [])).reverse();
    const order = [];
    while (walk.length) {
      const place = walk.pop();
      order.push(place);
      if (!this.children[place].length) y[place] = row++;
      for (let k = this.children[place].length - 1; k >= 0; k--) walk.push(this.children[place][k]);
    }
    for (const place of order.reverse()) {
      const below = this.children[place];
      if (below.length) y[place] = (y[below[0]] + y[below.at(-1)]) / 2;
    }
    return y;
  }

  byScore() {
    const span = this.high - this.low || 1;
    return Float64Array.from(this.nodes, ({ score }) => {
      if (score === null) return 110;
      return 100 * Math.min((this.high - score) / span, 1.02);
    });
  }

  arrange(how) {
    this.y = how === "score" ? this.byScore() : this.byDescent();
    this.x = Float64Array.from(this.nodes, (node) => node.index);
    this.order = [...this.nodes.keys()].sort((a, b) => this.y[a] - this.y[b] || this.x[a] - this.x[b]);
    this.marks.forEach((mark, place) => mark.setAttribute("d", this.dot(place)));
    const links = { edges: [], skipping: [], others: [] };
    this.nodes.forEach((node, place) => {
      if (node.parent >= 0) links[node.between ? "skipping" : "edges"].push(this.link(node.parent, place));
      for (const other of node.others) links.others.push(`M${this.x[other]} ${this.y[other]}L${this.x[place]} ${this.y[place]}`);
    });
    for (const [name, paths] of Object.entries(links)) this.paths[name].setAttribute("d", paths.join(""));
    this.mark(this.current);
    this.fit();
  }

  dot(place) { return `M${this.x[place]} ${this.y[place]}h0`; }

  link(from, to) { return `M${this.x[from]} ${this.y[from]}V${this.y[to]}H${this.x[to]}`; }

  draw() {
    this.paths = {};
    for (const [name, sort] of [["edges", "edges"], ["skipping", "edges skipping"], ["others", "edges others"], ["descent", "edges descent"]]) {
      this.paths[name] = drawing("path", { class: sort });
      this.stage.append(this.paths[name]);
    }
    this.cursor = drawing("path", { id: "cursor" });
    this.stage.append(this.cursor);
    this.marks = this.nodes.map((node, place) => {
      const told = node.score === null ? node.status : `score ${shown(node.score)}`;
      const mark = drawing("path", { role: "treeitem", tabindex: "-1", "aria-label": `${node.id.slice(0, 8)}, ${node.operator || node.proposer}, ${told}` });
      mark.dataset.place = place;
      this.stage.append(mark);
      return mark;
    });
  }

  // Colours

  paint(by) {
    const named = new Map();
    const key = (node) => (by === "operator" ? node.operator || node.proposer : node.proposer);
    if (by === "proposer" || by === "operator") {
      const counts = new Map();
      for (const node of this.nodes) counts.set(key(node), (counts.get(key(node)) || 0) + 1);
      [...counts].sort((a, b) => b[1] - a[1]).forEach(([name, count], k) => named.set(name, [k, count]));
    }
    const last = this.nodes.at(-1)?.index || 1;
    const share = (node) => (by === "age" ? node.index / last : (node.score - this.low) / (this.high - this.low || 1));
    this.nodes.forEach((node, place) => {
      const mark = this.marks[place];
      const sorts = ["node"];
      if (node.score === null) sorts.push("unscored");
      if (this.elite.has(node.id)) sorts.push("elite");
      mark.style.stroke = "";
      if (named.size) {
        if (named.get(key(node))[0] < PALETTE) sorts.push(`c${named.get(key(node))[0]}`);
      } else if (by === "age" || node.score !== null) {
        mark.style.stroke = scaled(share(node));
      }
      mark.setAttribute("class", sorts.join(" "));
    });
    this.explain(by, named, last);
  }

  explain(by, named, last) {
    const legend = document.getElementById("legend");
    legend.replaceChildren();
    let rest = 0;
    for (const [name, [k, count]] of named) {
      if (k >= PALETTE) { rest += count; continue; }
      const swatch = drawing("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" });
      swatch.append(drawing("path", { class: `c${k}`, d: "M6 6h0" }));
      legend.append(element("li", {}, swatch, ` ${name} (${count})`));
    }
    if (rest) legend.append(element("li", { textContent: `others, grey (${rest})` }));
    if (named.size) return;
    const bar = element("span", { className: "scale" });
    bar.style.background = `linear-gradient(90deg, ${SCALE.map((c) => `rgb(${c.join(",")})`).join(",")})`;
    const ends = by === "age" ? ["first", `number ${last}`] : [`${shown(this.low)} and below`, shown(this.high)];
    legend.append(element("li", {}, ends[0], bar, ends[1]));
    if (by === "score") legend.append(element("li", { textContent: "grey: no score" }));
  }

  // Zoom and movement

  fit() {
    this.moved = false;
    const { width, height } = this.svg.getBoundingClientRect();
    const span = (values) => { let [a, b] = [Infinity, -Infinity]; for (const v of values) { a = Math.min(a, v); b = Math.max(b, v); } return [a, b - a]; };
    const [x0, dx] = span(this.x);
    const [y0, dy] = span(this.y);
    const pad = 24;
    const kx = dx ? (width - 2 * pad) / dx : 1;
    const ky = dy ? (height - 2 * pad) / dy : 1;
    this.view = { kx, ky, tx: dx ? pad - x0 * kx : width / 2 - x0, ty: dy ? pad - y0 * ky : height / 2 - y0 };
    this.place();
  }

  place() {
    const { kx, ky, tx, ty } = this.view;
    this.stage.setAttribute("transform", `translate(${tx} ${ty}) scale(${kx} ${ky})`);
  }

  zoom(factor, x, y) {
    const { width, height } = this.svg.getBoundingClientRect();
    [x, y] = [x ?? width / 2, y ?? height / 2];
    const { kx, ky, tx, ty } = this.view;
    this.view = { kx: kx * factor, ky: ky * factor, tx: x - (x - tx) * factor, ty: y - (y - ty) * factor };
    this.moved = true;
    this.place();
  }

  reveal(place) {
    const { left, width: all, height } = this.svg.getBoundingClientRect();
    const panel = document.getElementById("details").getBoundingClientRect();
    const width = panel.width && panel.left - left > 100 ? Math.min(all, panel.left - left) : all;
    const { kx, ky, tx, ty } = this.view;
    const [x, y] = [this.x[place] * kx + tx, this.y[place] * ky + ty];
    const off = (at, size) => (at < 12 ? size / 3 - at : at > size - 12 ? (2 * size) / 3 - at : 0);
    this.view.tx += off(x, width);
    this.view.ty += off(y, height);
    this.place();
  }

  // The candidate that the keys are at

  mark(place) {
    this.marks[this.current]?.setAttribute("tabindex", "-1");
    this.current = place;
    this.marks[place]?.setAttribute("tabindex", "0");
    if (!this.marks[place]) return;
    this.cursor.setAttribute("d", this.dot(place));
    const line = [];
    for (let at = place; this.nodes[at].parent >= 0; at = this.nodes[at].parent) line.push(this.link(this.nodes[at].parent, at));
    this.paths.descent.setAttribute("d", line.join(""));
    const node = this.nodes[place];
    const told = node.score === null ? node.status : shown(node.score) + (node.stderr === null ? "" : ` ± ${shown(node.stderr)}`);
    document.getElementById("status").textContent = `${node.id.slice(0, 8)} · number ${node.index} · ${node.operator || node.proposer} · ${told}`;
  }

  focus(place) {
    this.mark(place);
    this.reveal(place);
    this.marks[place].focus({ preventScroll: true });
  }

  best(places) {
    return [...places].sort((a, b) => (this.nodes[b].score ?? -Infinity) - (this.nodes[a].score ?? -Infinity) || a - b);
  }

  goal(key) {
    const at = this.order.indexOf(this.current);
    switch (key) {
      case "ArrowLeft": return this.nodes[this.current].parent;
      case "ArrowRight": return this.best(this.children[this.current])[0] ?? -1;
      case "ArrowUp": return this.order[at - 1] ?? -1;
      case "ArrowDown": return this.order[at + 1] ?? -1;
      case "Home": return 0;
      case "End": return this.best(this.nodes.keys())[0];
    }
    return -1;
  }

  listen() {
    const { svg } = this;
    const at = (event) => event.target.dataset?.place;
    svg.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const zooms = { "+": 1.4, "=": 1.4, "-": 1 / 1.4 };
      const walks = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
      if (event.key === "Enter" || event.key === " ") this.opened(this.current);
      else if (event.key in zooms) this.zoom(zooms[event.key]);
      else if (event.key === "0") this.fit();
      else if (walks.includes(event.key)) { const goal = this.goal(event.key); if (goal >= 0) this.focus(goal); }
      else return;
      event.preventDefault();
    });
    svg.addEventListener("focusin", (event) => { if (at(event) !== undefined) this.mark(Number(at(event))); });
    svg.addEventListener("pointerover", (event) => {
      if (at(event) === undefined || this.drag) return;
      const node = this.nodes[at(event)];
      document.getElementById("status").textContent = this.marks[at(event)].getAttribute("aria-label") + ` · number ${node.index}`;
    });
    svg.addEventListener("wheel", (event) => {
      if (!svg.contains(document.activeElement) && !event.ctrlKey) return;
      event.preventDefault();
      const box = svg.getBoundingClientRect();
      this.zoom(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top);
    }, { passive: false });
    svg.addEventListener("pointerdown", (event) => {
      this.drag = { x: event.clientX, y: event.clientY, far: false, on: at(event) };
      svg.setPointerCapture(event.pointerId);
    });
    svg.addEventListener("pointermove", (event) => {
      if (!this.drag) return;
      const [dx, dy] = [event.clientX - this.drag.x, event.clientY - this.drag.y];
      if (!this.drag.far && Math.hypot(dx, dy) < 5) return;
      Object.assign(this.drag, { x: event.clientX, y: event.clientY, far: true });
      this.view.tx += dx;
      this.view.ty += dy;
      this.moved = true;
      this.place();
    });
    svg.addEventListener("pointerup", () => {
      const { far, on } = this.drag ?? {};
      this.drag = null;
      if (far) return;
      if (on === undefined) this.focus(this.current);
      else { this.mark(Number(on)); this.opened(Number(on)); }
    });
    svg.addEventListener("pointercancel", () => { this.drag = null; });
    new ResizeObserver(() => { if (!this.moved) this.fit(); }).observe(svg);
  }
}
