// The mark that is being given: ticks, points that follow them or were typed, comment.

import { data } from "./api.js";

const criteria = [...document.querySelectorAll(".criterion")];
const points = document.getElementById("points");
const note = document.getElementById("points-note");
const comment = document.getElementById("comment");

let steps = [];
let byHand = false;

const none = () => data.steps.map(() => 0);
const sum = () => Math.min(data.max_points, Math.round(steps.reduce((a, b) => a + b, 0) * 1e6) / 1e6);

export function fill(mark) {
  steps = mark.steps.length === data.steps.length ? [...mark.steps] : none();
  points.value = mark.points ?? "";
  comment.value = mark.comment;
  byHand = mark.points !== null && Number(mark.points) !== sum();
  draw();
}

export const current = () => ({
  steps: [...steps],
  points: points.value.trim().replace(",", "."),
  comment: comment.value,
});

// {points, steps, comment} as the server takes it, or an Error that says what is wrong.
export function chosen() {
  const { points: typed, ...rest } = current();
  if (typed === "") return { ...rest, points: null, steps: [] };
  const number = Number(typed);
  if (!/^[0-9.]+$/.test(typed) || !(number >= 0 && number <= data.max_points)) {
    throw new Error(`Points: expected 0 to ${data.max_points}, received ${typed}`);
  }
  return { ...rest, points: number };
}

// To the whole criterion, then down through its parts to nothing, then up again.
export function tick(number) {
  const parts = data.steps[number];
  if (!parts) return;
  const now = parts.indexOf(steps[number]);
  steps[number] = parts[now > 0 ? now - 1 : parts.length - 1];
  follow();
}

export function nothing() {
  steps = none();
  follow();
}

function follow() {
  byHand = false;
  points.value = sum();
  draw();
}

function draw() {
  criteria.forEach((each, number) => {
    const most = data.steps[number].at(-1);
    const got = steps[number];
    each.setAttribute("aria-checked", got === most ? "true" : got ? "mixed" : "false");
    each.querySelector(".worth").textContent = got && got !== most ? `${got} of ${most}` : most;
  });
  let valid = true;
  try {
    chosen();
  } catch {
    valid = false;
  }
  points.setAttribute("aria-invalid", String(!valid));
  note.textContent = !valid ? `expected 0 to ${data.max_points}` : byHand ? "by hand" : "";
}

export function addToComment(text) {
  comment.value = comment.value.trim() ? `${comment.value.trimEnd()}\n${text}` : text;
  comment.dispatchEvent(new Event("input"));
}

points.addEventListener("input", () => {
  byHand = points.value.trim() !== "" && Number(points.value.replace(",", ".")) !== sum();
  draw();
});
