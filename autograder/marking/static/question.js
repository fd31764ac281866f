// One question: walking through the answers, marking them, undoing it; by keys or by buttons.

import { data, get, post } from "./api.js";
import { askConflict, askGroup, counted, pointsOf } from "./dialogs.js";
import * as draft from "./draft.js";
import { WORDS, draw, isOpen, showList } from "./list.js";
import { showAnswer, showWhole } from "./paper.js";

const byId = (id) => document.getElementById(id);
const drafts = new Map(); // what is typed and not saved, by key
let index;
let order = [];
let groupOf = new Map();
let current = null; // the answer that is shown, as the server sent it
let names = false;
let busy = 0;

function say(text, isBad = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("bad", isBad);
}

// One thing at a time: keys pressed meanwhile are dropped, so that none falls on another answer.
function alone(work) {
  return async (...args) => {
    if (busy) return;
    busy += 1;
    document.body.dataset.busy = "1";
    try {
      await work(...args);
    } catch (error) {
      say(error.message, true);
    } finally {
      busy -= 1;
      delete document.body.dataset.busy;
    }
  };
}

async function load() {
  index = await get("index");
  order = index.groups.flat();
  groupOf = new Map(index.groups.flatMap((keys, number) => keys.map((key) => [key, number])));
  showList(index, alone(show));
  showPhrases(index.phrases);
  progress();
  if (!order.length) {
    byId("answer-title").textContent = "No answers";
    say("Nobody has handed this in, or nothing is graded yet.");
    return;
  }
  await show(order.find((key) => isOpen(index.states[key][0])) ?? order[0]);
}

function progress() {
  const { marked, waiting, empty } = index.progress;
  byId("bar").max = marked + waiting || 1;
  byId("bar").value = marked + waiting ? marked : 1;
  byId("progress").textContent = `${marked} marked · ${waiting} waiting · ${empty} empty`;
  byId("undo").disabled = !index.undo;
}

async function refresh() {
  Object.assign(index, await get("states"));
  progress();
  draw(current?.key);
}

const asMark = (entry) => ({ steps: entry?.steps ?? [], points: entry?.points ?? null, comment: entry?.comment ?? "" });

function keepDraft() {
  if (!current) return;
  if (JSON.stringify(draft.current()) === current.clean) drafts.delete(current.key);
  else drafts.set(current.key, { seen: current.entry?.seen, mark: draft.current() });
}

async function show(key) {
  keepDraft();
  const found = await get(`answers/${key}${names ? "?names=1" : ""}`);
  current = found;
  const { entry } = found;
  index.states[key] = [entry?.state ?? "absent", entry?.points ?? null];
  draft.fill(asMark(entry));
  found.clean = JSON.stringify(draft.current());
  const kept = drafts.get(key);
  if (kept) {
    draft.fill({ ...kept.mark, points: kept.mark.points === "" ? null : kept.mark.points });
    if (entry) entry.seen = kept.seen; // whoever has changed it meanwhile is shown at a save
  }
  title(found);
  showAnswer(found, found.suggestions.flatMap((each) => each.words));
  byId("whole").hidden = !found.is_folded;
  byId("whole").textContent = `Show all (${found.length.toLocaleString("en")} characters, as plain text)`;
  suggest(found.suggestions);
  draw(key);
  document.body.dataset.answer = key;
}

function title({ key, entry, student, is_empty: isEmpty }) {
  const group = index.groups[groupOf.get(key)];
  const within = group.length > 1 ? ` · ${group.indexOf(key) + 1} of ${group.length} alike` : "";
  byId("answer-title").textContent = `Answer ${order.indexOf(key) + 1} of ${order.length}${within}${student ? ` · ${student}` : ""}`;
  const notes = [WORDS[entry?.state ?? "absent"]];
  if (entry?.marker && entry.points !== null) {
    const time = entry.marked_at ? `, ${new Date(entry.marked_at).toLocaleString()}` : "";
    notes.push(`${pointsOf(entry.points)} by ${entry.marker}${time}`);
  }
  if (isEmpty) notes.push("the answer is empty");
  byId("answer-note").textContent = notes.join(" · ");
  byId("mark-group").disabled = group.length < 2;
}

function suggest(suggestions) {
  for (const each of document.querySelectorAll(".suggestion")) each.hidden = true;
  for (const { criterion, words } of suggestions) {
    const line = document.querySelector(`[data-criterion="${criterion}"] .suggestion`);
    if (!line) continue;
    const head = document.createElement("b");
    head.textContent = "Suggestion";
    line.replaceChildren(head, `, no tick: the answer says ${words.map((word) => `“${word}”`).join(", ")}`);
    line.hidden = false;
  }
}

function step(by) {
  if (!current) return undefined;
  const at = order.indexOf(current.key) + by;
  if (at >= 0 && at < order.length) return show(order[at]);
  say(by > 0 ? "This is the last answer." : "This is the first answer.");
  return undefined;
}

function nextWaiting() {
  if (!current) return undefined;
  const at = order.indexOf(current.key);
  const others = [...order.slice(at + 1), ...order.slice(0, at)];
  const next = others.find((key) => isOpen(index.states[key][0]));
  if (next) return show(next);
  const isDone = !isOpen(index.states[current.key][0]);
  say(isDone ? "All answers to this question are marked." : "No other answer is unmarked.");
  return show(current.key);
}

// Saves `mark` for the answers in `seen`: for how many; false where all was left as it was.
async function send(seen, mark) {
  const answer = await post("marks", { seen, ...mark });
  if (!answer.conflicts) {
    taken(answer.entries);
    index.undo = answer.batch;
    return Object.keys(answer.entries).length;
  }
  const many = Object.keys(seen).length;
  const choice = await askConflict(answer.conflicts, mark, many, (key) => order.indexOf(key) + 1);
  taken(answer.conflicts);
  if (choice === "later") {
    draw(current.key);
    say("Not saved: what you typed is still here.", true);
    return false;
  }
  const again = { ...seen };
  for (const [key, entry] of Object.entries(answer.conflicts)) {
    if (choice === "take") again[key] = entry.seen;
    else delete again[key];
  }
  if (Object.keys(again).length) return send(again, mark);
  const { key } = current;
  if (key in answer.conflicts) {
    drop(key);
    await show(key);
  }
  say("Left as it was.");
  return false;
}

function drop(key) {
  drafts.delete(key);
  if (current?.key === key) current = null; // so that what is in the form is not kept as a draft
}

function taken(entries) {
  for (const [key, entry] of Object.entries(entries)) index.states[key] = [entry.state, entry.points];
}

function wanted() {
  if (!current?.entry) throw new Error("This answer is not in the gradebook: run `autograder grade` first.");
  const mark = draft.chosen();
  if (mark.points === null && current.entry.points === null) {
    throw new Error("Tick criteria, press 0 for no points, or type a number.");
  }
  return mark;
}

async function save() {
  const mark = wanted();
  const { key, entry } = current;
  if (!(await send({ [key]: entry.seen }, mark))) return;
  say(mark.points === null ? "Taken back." : `Saved: ${pointsOf(mark.points)}.`);
  await move(key);
}

async function markGroup() {
  const mark = wanted();
  const { key } = current;
  const number = groupOf.get(key);
  const seen = await askGroup(number, index.groups[number], key, mark, names);
  if (!seen) return say("The group is not marked.");
  if (key in seen) seen[key] = current.entry.seen;
  const many = await send(seen, mark);
  if (!many) return undefined;
  say(`Saved: ${pointsOf(mark.points)} for ${counted(many)}.`);
  return move(key);
}

async function move(key) {
  const said = byId("status").textContent;
  drop(key);
  await refresh();
  current = { key };
  current.clean = JSON.stringify(draft.current());
  await nextWaiting();
  if (byId("status").textContent !== said) say(`${said} ${byId("status").textContent}`);
}

async function undo() {
  if (!index?.undo || !current) return say("There is nothing of yours to undo.");
  const { entries, kept } = await post("undo", { batch: index.undo });
  taken({ ...entries, ...kept });
  const here = current.key;
  if (here in entries) drop(here);
  await refresh();
  await show(order.find((key) => key in entries) ?? here);
  const changed = Object.keys(kept).length;
  return say(
    `Undone: ${counted(Object.keys(entries).length)}.${changed ? ` ${changed} stay: somebody has changed them since.` : ""}`,
  );
}

function showPhrases(phrases) {
  index.phrases = phrases;
  byId("phrases").replaceChildren(
    ...phrases.map(({ number, text }, at) => {
      const line = document.createElement("li");
      const use = document.createElement("button");
      use.type = "button";
      use.textContent = `${at < 9 ? `${at + 1}  ` : ""}${text}`;
      use.addEventListener("click", () => draft.addToComment(text));
      const away = document.createElement("button");
      away.type = "button";
      away.textContent = "×";
      away.setAttribute("aria-label", `Forget: ${text}`);
      away.addEventListener("click", alone(async () => showPhrases(await post("drop", { number }))));
      line.append(use, away);
      return line;
    }),
  );
}

async function keep() {
  const text = byId("comment").value.trim();
  if (!text) return say("Write a comment first.");
  showPhrases(await post("phrases", { text }));
  return say("Kept.");
}

let isPhraseNext = false;

const KEYS = {
  n: alone(() => step(1)),
  p: alone(() => step(-1)),
  m: alone(nextWaiting),
  g: alone(markGroup),
  u: alone(undo),
  0: draft.nothing,
  Enter: alone(save),
  "?": () => byId("help").showModal(),
  c: () => byId("comment").focus(),
  r: () => {
    isPhraseNext = true;
    say(index?.phrases.length ? "Comment: press its number." : "No comment is kept yet.");
  },
};

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (document.querySelector("dialog[open]") || event.isComposing) return;
  if (target.matches("input, textarea")) return typing(event);
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (target.matches("button, a, summary") && (key === "Enter" || key === " ")) return;
  if (target.matches(".criterion") && key === " ") {
    draft.tick(Number(target.dataset.criterion));
    event.preventDefault();
    return;
  }
  const digit = /^[1-9]$/.test(key) ? Number(key) - 1 : null;
  if (digit === null && !KEYS[key]) return;
  event.preventDefault();
  if (busy) return;
  if (isPhraseNext && digit !== null) {
    const phrase = index.phrases[digit];
    if (phrase) draft.addToComment(phrase.text);
    say(phrase ? "" : "There is no such comment.");
  } else if (digit !== null) draft.tick(digit);
  isPhraseNext = false;
  if (digit === null) KEYS[key]();
});

function typing(event) {
  const { target, key } = event;
  const saves = key === "Enter" && (target.id === "points" || event.ctrlKey || event.metaKey);
  if (key !== "Escape" && !saves) return;
  event.preventDefault();
  target.blur();
  if (saves) KEYS.Enter();
}

const BUTTONS = {
  save: KEYS.Enter,
  "mark-group": KEYS.g,
  undo: KEYS.u,
  previous: KEYS.p,
  next: KEYS.n,
  "next-waiting": KEYS.m,
  "help-open": KEYS["?"],
  keep: alone(keep),
  whole: alone(async () => {
    showWhole((await get(`whole/${current.key}`)).text);
    byId("whole").hidden = true;
  }),
  names: alone(async () => {
    names = !names;
    byId("names").setAttribute("aria-pressed", String(names));
    if (current) await show(current.key);
  }),
  again: alone(async () => {
    say("Reading the answers …");
    await post("again", {});
    keepDraft();
    current = null;
    await load();
    say("Read.");
  }),
};
for (const [id, press] of Object.entries(BUTTONS)) byId(id).addEventListener("click", press);
for (const each of document.querySelectorAll(".criterion")) {
  each.addEventListener("click", () => draft.tick(Number(each.dataset.criterion)));
}

window.addEventListener("beforeunload", (event) => {
  keepDraft();
  if (drafts.size) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && index) alone(refresh)();
});

alone(load)();
