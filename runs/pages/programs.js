"use strict";
// Programs as text on the page: coloured, compared, and their learning curves. Only ever sets text.

const SVG = "http://www.w3.org/2000/svg";
const WORDS = new Set("def return if else for in and or not import from class lambda None True False while with".split(" "));
const TOKEN = /("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(#.*)|(\b\d[\d_]*\.?\d*(?:e[+-]?\d+)?\b)|([A-Za-z_]\w*)/g;

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  Object.assign(made, properties);
  made.append(...children);
  return made;
}

function drawing(name, attributes = {}) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function coloured(source) {
  const out = document.createDocumentFragment();
  let end = 0;
  for (const found of source.matchAll(TOKEN)) {
    const [token, text, note, value, word] = found;
    const next = source[found.index + token.length];
    const sort = text ? "text" : note ? "note" : value ? "value" : WORDS.has(word) ? "word" : next === "(" ? "call" : "";
    out.append(source.slice(end, found.index));
    out.append(sort ? element("span", { className: sort, textContent: token }) : token);
    end = found.index + token.length;
  }
  out.append(source.slice(end));
  return out;
}

function compared(before, after) {
  // The longest common subsequence of lines; what is not in it was taken away or is new.
  const common = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      common[i][j] = before[i] === after[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
  const lines = [];
  for (let i = 0, j = 0; i < before.length || j < after.length; ) {
    if (i < before.length && j < after.length && before[i] === after[j]) lines.push([" ", before[i++]], j++);
    else if (j >= after.length || (i < before.length && common[i + 1][j] >= common[i][j + 1])) lines.push(["-", before[i++]]);
    else lines.push(["+", after[j++]]);
  }
  return lines.filter((line) => Array.isArray(line));
}

function difference(before, after) {
  const box = element("pre", { className: "diff" });
  for (const [mark, line] of compared(before, after)) {
    const className = mark === "+" ? "new" : mark === "-" ? "old" : "";
    box.append(element("span", { className, textContent: `${mark} ${line}` }), "\n");
  }
  return box;
}

function curve(points) {
  const [width, height, left] = [400, 120, 56];
  const low = Math.min(...points);
  const high = Math.max(...points);
  const x = (k) => left + (k / Math.max(points.length - 1, 1)) * (width - left - 4);
  const y = (value) => 8 + ((high - value) / (high - low || 1)) * (height - 16);
  const svg = drawing("svg", { class: "chart curve", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `training loss from ${points[0]} to ${points.at(-1)}` });
  svg.append(drawing("path", { class: "line", d: "M" + points.map((v, k) => `${x(k).toFixed(1)} ${y(v).toFixed(1)}`).join("L") }));
  for (const value of [high, low]) {
    const label = drawing("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" });
    label.textContent = value.toPrecision(4);
    svg.append(label);
  }
  return svg;
}
