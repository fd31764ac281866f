// A student's answer on the page: already cleaned by the server, and shut in a shadow root, so that
// its classes and ids are not the page's.

const PIECE = 4000; // characters
const host = document.getElementById("answer");
const root = host.attachShadow({ mode: "open" });
const style = document.createElement("link");
style.rel = "stylesheet";
style.href = "/static/answer.css";
const body = document.createElement("div");
body.dir = "auto";
root.append(style, body);

export function showAnswer({ html, is_empty: isEmpty }, words) {
  body.innerHTML = html;
  if (isEmpty && !/[^\s\p{C}]/u.test(body.innerText)) body.append(element("p", "nothing", "(empty)"));
  for (const link of body.querySelectorAll("a[href]")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
  highlight(words);
}

export function showWhole(text) {
  body.replaceChildren(...cut(text).map((piece) => element("pre", "whole", piece)));
}

// In pieces that end where a line does, or else a word: only those in sight are laid out.
function cut(text) {
  const pieces = [];
  for (let begin = 0; begin < text.length; ) {
    const most = begin + PIECE;
    const line = text.lastIndexOf("\n", most);
    const end = most >= text.length ? text.length : Math.max(line, text.lastIndexOf(" ", most)) + 1;
    pieces.push(text.slice(begin, end > begin ? end : most));
    begin += pieces.at(-1).length;
  }
  return pieces;
}

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.dir = "auto";
  made.textContent = text;
  return made;
}

function highlight(words) {
  if (!words.length) return;
  const escaped = [...words]
    .sort((one, other) => other.length - one.length)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const found = new RegExp(`(?<![\\p{L}\\p{N}])(?:${escaped.join("|")})(?![\\p{L}\\p{N}])`, "gu");
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  nodes.forEach((node) => wrap(node, found));
}

function wrap(node, found) {
  const pieces = [];
  let end = 0;
  for (const match of node.data.matchAll(found)) {
    const mark = document.createElement("mark");
    mark.textContent = match[0];
    pieces.push(node.data.slice(end, match.index), mark);
    end = match.index + match[0].length;
  }
  if (pieces.length) node.replaceWith(...pieces, node.data.slice(end));
}
