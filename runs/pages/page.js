// What holds the page together: the data, the panel, the tree, and links to candidates.

(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const written = ["status", "proposer", "operator", "model", "why", "message"];
  const nodes = data.nodes.map((row) => {
    const node = Object.fromEntries(data.fields.map((name, k) => [name, row[k]]));
    for (const name of written) node[name] = data.texts[node[name]];
    if (node.source !== null) node.source = node.source.map((line) => data.texts[line]).join("\n");
    return node;
  });
  const places = new Map(nodes.map((node, place) => [node.id, place]));
  const best = document.getElementById("best");
  if (best) best.replaceChildren(coloured(best.textContent));
  const svg = document.getElementById("tree");
  if (!svg || !nodes.length) return;

  const family = { nodes, open, children: (place) => tree.best(tree.children[place]) };
  const details = new Details(family);
  const tree = new Phylogeny(svg, nodes, data.elite, open);
  details.closed = (place) => {
    history.replaceState(null, "", location.pathname + location.search);
    tree.focus(place);
  };

  function open(place) {
    tree.mark(place);
    details.open(place);
    tree.reveal(place);
    history.replaceState(null, "", `#${nodes[place].id}`);
  }

  function follow() {
    const place = places.get(location.hash.slice(1));
    if (place !== undefined) open(place);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    const place = link && places.get(link.getAttribute("href").slice(1));
    if (place === undefined || place === null) return;
    event.preventDefault();
    open(place);
  });
  const control = (id, name, act) => document.getElementById(id).addEventListener(name, act);
  control("colour", "change", (event) => tree.paint(event.target.value));
  control("height", "change", (event) => tree.arrange(event.target.value));
  control("zoom-in", "click", () => tree.zoom(1.4));
  control("zoom-out", "click", () => tree.zoom(1 / 1.4));
  control("zoom-all", "click", () => tree.fit());
  addEventListener("hashchange", follow);
  if (places.has(data.open)) tree.mark(places.get(data.open));
  follow();
})();
