// A look at a group before it is marked, and what somebody else has changed meanwhile.

import { get } from "./api.js";
import { WORDS } from "./list.js";

const byId = (id) => document.getElementById(id);
const when = (time) => (time ? `, ${new Date(time).toLocaleString()}` : "");
const AT_ONCE = 100; // as the server sends them

export const counted = (many) => `${many} answer${many === 1 ? "" : "s"}`;
export const pointsOf = (points) => (points === null ? "no mark" : `${points} point${points === 1 ? "" : "s"}`);

export function described({ points, comment }) {
  const given = pointsOf(points);
  return comment ? `${given}, with the comment “${comment}”` : `${given}, without a comment`;
}

function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

// Resolves to {key: seen} of the members to be marked, or null.
export async function askGroup(group, keys, current, mark, names) {
  const dialog = byId("group");
  const save = byId("group-save");
  byId("group-title").textContent = `${keys.length} answers that read alike`;
  byId("group-mark").textContent = `To be given: ${described(mark)}`;
  byId("members").replaceChildren();
  save.disabled = true;
  save.textContent = "Reading the members …";
  const answered = new Promise((resolve) => {
    save.onclick = () => resolve(true);
    byId("group-close").onclick = () => resolve(false);
    dialog.onclose = () => resolve(false);
  });
  dialog.showModal();
  const members = new Map();
  const recount = () => {
    const many = [...members.values()].filter((each) => each.box.checked).length;
    save.disabled = many === 0;
    save.textContent = `Give this mark to ${counted(many)}`;
  };
  try {
    for (let from = 0; from < keys.length; from += AT_ONCE) {
      for (const each of await get(`members/${group}?from=${from}${names ? "&names=1" : ""}`)) {
        if (!keys.includes(each.key)) {
          throw new Error("The answers were read again meanwhile and are grouped anew: load the page again.");
        }
        const box = member(each, current);
        members.set(each.key, { box, seen: each.entry?.seen });
        box.addEventListener("change", recount);
      }
    }
    recount();
    save.focus();
    if (!(await answered)) return null;
    const ticked = [...members].filter(([, each]) => each.box.checked);
    return Object.fromEntries(ticked.map(([key, each]) => [key, each.seen]));
  } finally {
    dialog.onclose = null;
    dialog.close();
  }
}

function member(each, current) {
  const line = element("li", "");
  const box = element("input", "");
  box.type = "checkbox";
  box.id = `member-${each.key}`;
  box.disabled = !each.entry;
  box.checked = Boolean(each.entry) && (each.key === current || !["marked", "changed"].includes(each.entry.state));
  const label = element("label", "");
  label.htmlFor = box.id;
  if (each.student) label.append(element("span", "badge", each.student));
  if (each.key === current) label.append(element("span", "badge", "this answer"));
  if (each.is_same) label.append(element("span", "badge", "same words as the first"));
  if (!each.is_opened) label.append(element("span", "badge new", "not opened yet"));
  if (!each.entry) label.append(element("span", "badge", WORDS.absent));
  else if (each.entry.points !== null) label.append(element("span", "badge done", standing(each.entry)));
  const text = element("div", "text", each.text + (each.is_cut ? " …" : "") || "(nothing)");
  text.dir = "auto";
  label.append(text);
  line.append(box, label);
  byId("members").append(line);
  return box;
}

const standing = (entry) => `${pointsOf(entry.points)} by ${entry.marker || "somebody"}${when(entry.marked_at)}`;

// Resolves to "keep", "take" or, by Escape, "later".
export function askConflict(conflicts, mine, many, place) {
  const dialog = byId("conflict");
  const entries = Object.entries(conflicts);
  byId("conflict-title").textContent =
    entries.length === 1
      ? `${entries[0][1].marker || "Somebody"} has changed this meanwhile`
      : `${entries.length} answers have been changed meanwhile`;
  byId("conflicts").replaceChildren(
    ...entries.map(([key, entry]) => {
      const who = entry.marker || "somebody";
      const name = many > 1 ? `Answer ${place(key)}: ` : "";
      return element("li", "", `${name}${who}${when(entry.marked_at)}: ${described(entry)}`);
    }),
  );
  byId("conflict-mine").textContent = `Yours: ${described(mine)}`;
  byId("conflict-keep").textContent = many > entries.length ? "Keep theirs, save the rest" : "Keep theirs";
  return new Promise((resolve) => {
    const answer = (what) => () => {
      dialog.onclose = null;
      dialog.close();
      resolve(what);
    };
    byId("conflict-keep").onclick = answer("keep");
    byId("conflict-take").onclick = answer("take");
    dialog.onclose = answer("later");
    dialog.showModal();
    byId("conflict-keep").focus();
  });
}
