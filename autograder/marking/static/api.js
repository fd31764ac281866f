// What the page asks its server.

const xsrf = document.querySelector('meta[name="xsrf"]').content;
export const data = JSON.parse(document.getElementById("data").textContent);

const at = (path) => `/api/${data.number + 1}/${path}`;

const GONE =
  "Not saved: the server does not answer. What you typed stays as long as this page is open. " +
  `Start autograder mark again, with --port ${location.port || 80}, open its address in another tab, ` +
  "then go on here.";

export class Refused extends Error {}

async function read(response) {
  const text = await response.text();
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Refused(text.trim() || `The server answered ${response.status}`);
  }
  if (!response.ok && response.status !== 409) throw new Refused(answer.message);
  return answer;
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(at(path), options);
  } catch {
    throw new Refused(GONE);
  }
  return read(response);
}

export const get = (path) => ask(path);

export const post = (path, body) =>
  ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-XSRFToken": xsrf },
    body: JSON.stringify(body),
  });
