// The panel that says all about one candidate.

// Zero has no minus, whatever it was rounded from.
function shown(value, digits = 4) {
  return value === null ? "–" : value.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "−");
}

function signed(value) {
  const text = shown(value);
  return text.startsWith("−") ? text : `+${text}`;
}

class Details {
  constructor(family) {
    this.family = family;
    this.panel = document.getElementById("details");
    this.title = document.getElementById("details-title");
    this.body = document.getElementById("details-body");
    this.place = -1;
    this.closed = () => {};
    document.getElementById("close").addEventListener("click", () => this.close());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.panel.hidden) this.close();
    });
  }

  open(place, focus = true) {
    const node = this.family.nodes[place];
    this.place = place;
    this.title.textContent = `Candidate ${node.id}`;
    this.body.replaceChildren(this.facts(node), ...this.program(node), ...this.relatives(node, place));
    this.panel.hidden = false;
    this.panel.scrollTop = 0;
    if (focus) this.title.focus();
  }

  close() {
    if (this.panel.hidden) return;
    this.panel.hidden = true;
    this.closed(this.place);
  }

  facts(node) {
    const list = element("dl", { className: "facts" });
    const fact = (name, value) => {
      if (value) list.append(element("dt", { textContent: name }), element("dd", { textContent: value }));
    };
    const gain = node.gain === null ? "" : signed(node.gain);
    fact("number", String(node.index));
    fact("status", node.status);
    fact("message", node.message);
    if (node.score !== null) fact("score", shown(node.score) + (node.stderr === null ? "" : ` ± ${shown(node.stderr)}`));
    fact("over its parent", gain && (node.half === null ? gain : `${gain} ± ${shown(node.half)} (95 %)`));
    fact("statements", String(node.size));
    fact("proposed by", `${node.proposer} ${node.operator} ${node.model}`.trim());
    fact("why", node.why);
    return list;
  }

  program(node) {
    const parts = [];
    if (node.source === null) {
      return [element("p", { className: "quiet", textContent: `Its text is left out to keep this page small: cambrian show ${node.id}` })];
    }
    const code = element("code", {}, coloured(node.source));
    parts.push(element("h3", { textContent: "Program" }), element("pre", { className: "code" }, code));
    const parent = this.family.nodes[node.parent];
    if (parent && parent.source !== null) {
      const skipped = node.between ? `, ${node.between} generation${node.between > 1 ? "s" : ""} back` : "";
      parts.push(element("h3", { textContent: `Against ${parent.id.slice(0, 8)}${skipped}` }));
      parts.push(difference(parent.source.split("\n"), node.source.split("\n")));
    }
    if (node.curve.length > 1) {
      parts.push(element("h3", { textContent: "Training loss, mean over seeds" }), curve(node.curve));
    }
    return parts;
  }

  relatives(node, place) {
    const parts = [];
    const group = (name, places) => {
      if (!places.length) return;
      const box = element("div", { className: "relatives" });
      for (const other of places.slice(0, 24)) {
        const relative = this.family.nodes[other];
        const text = `${relative.id.slice(0, 8)} ${relative.score === null ? relative.status : shown(relative.score)}`;
        const button = element("button", { type: "button", textContent: text });
        button.addEventListener("click", () => this.family.open(other));
        box.append(button);
      }
      const more = places.length > 24 ? `, the best 24 of ${places.length}` : "";
      parts.push(element("h3", { textContent: name + more }), box);
    };
    group("Parents", [node.parent, ...node.others].filter((p) => p >= 0));
    group("Behaves like", node.original >= 0 ? [node.original] : []);
    group("Children", this.family.children(place));
    return parts;
  }
}
