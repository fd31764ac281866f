// The groups of answers beside the answer; drawn as far as they are scrolled to.

import { get } from "./api.js";

const list = document.getElementById("groups");
const AT_ONCE = 50; // as the server sends them
const MOST_CHIPS = 80;
export const SYMBOLS = { marked: "✓", waits: "○", again: "↻", changed: "✎", settled: "–", absent: "?" };
export const WORDS = {
  marked: "marked",
  waits: "waiting",
  again: "marked, and graded again since: look again",
  changed: "marked, but the answer has changed since: look again",
  settled: "left as released: 0 points",
  absent: "not graded yet: run autograder grade",
};
export const isOpen = (state) => ["waits", "again", "changed"].includes(state);

let index;
let choose;
let drawn = 0;
let loading = false;

const sentinel = document.createElement("li");
new IntersectionObserver((seen) => {
  if (seen.some((each) => each.isIntersecting)) more();
}).observe(sentinel);

export function showList(made, chosen) {
  index = made;
  choose = chosen;
  drawn = 0;
  list.replaceChildren(sentinel);
  more();
}

async function more() {
  if (loading || !index || drawn >= index.groups.length) return;
  loading = true;
  const from = drawn;
  try {
    const excerpts = await get(`excerpts?from=${from}`);
    excerpts.forEach((excerpt, offset) => sentinel.before(item(from + offset, excerpt)));
    drawn = from + AT_ONCE;
  } catch {
    drawn = Infinity; // the next request says what is wrong
  } finally {
    loading = false;
  }
  draw();
  if (drawn < index.groups.length) {
    sentinel.remove();
    list.append(sentinel); // watched anew, in case that it is still in sight
  }
}

function item(number, excerpt) {
  const line = document.createElement("li");
  line.dataset.group = number;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "group";
  const head = document.createElement("span");
  head.className = "head";
  const text = document.createElement("span");
  text.className = "excerpt";
  text.textContent = number === index.empties ? "" : excerpt;
  button.append(head, text);
  button.addEventListener("click", () => choose(firstOf(index.groups[number])));
  line.append(button);
  return line;
}

const firstOf = (keys) => keys.find((key) => isOpen(index.states[key][0])) ?? keys[0];

let shown;

export function draw(key = shown) {
  shown = key;
  for (const line of list.children) {
    if (line === sentinel) continue;
    const number = Number(line.dataset.group);
    const keys = index.groups[number];
    const open = keys.filter((each) => isOpen(index.states[each][0])).length;
    const what = number === index.empties ? "empty" : keys.length === 1 ? "answer" : "alike";
    line.querySelector(".head").textContent = `${open ? "○" : "✓"} ${keys.length} ${what} · ${open} to mark`;
    const isCurrent = keys.includes(key);
    line.querySelector(".group").setAttribute("aria-current", String(isCurrent));
    line.querySelector(".chips")?.remove();
    if (isCurrent) line.append(chips(keys, key));
  }
}

function chips(keys, key) {
  const row = document.createElement("div");
  row.className = "chips";
  const at = keys.indexOf(key);
  const from = Math.max(0, Math.min(at - MOST_CHIPS / 2, keys.length - MOST_CHIPS));
  keys.slice(from, from + MOST_CHIPS).forEach((each, offset) => {
    const [state, points] = index.states[each];
    const chip = document.createElement("button");
    chip.type = "button";
    chip.textContent = `${SYMBOLS[state]} ${points ?? from + offset + 1}`;
    chip.title = `${from + offset + 1} of ${keys.length}: ${WORDS[state]}${points === null ? "" : `, ${points} points`}`;
    chip.setAttribute("aria-label", chip.title);
    chip.setAttribute("aria-current", String(each === key));
    chip.addEventListener("click", () => choose(each));
    row.append(chip);
  });
  return row;
}
