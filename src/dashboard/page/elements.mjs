// All text from the database goes through textContent and setAttribute: it is never markup.

/** Shared by the parts of the page: the last state, how far the server's clock is ahead in ms, and the action of buttons. */
export const shared = { state: null, ahead: 0, act: null };

export const byId = (id) => document.getElementById(id);
/** The statuses of runs that began, by the letter that stands for them. */
export const statuses = { s: 'success', w: 'warning', e: 'error', r: 'running', c: 'cancelled' };
const clock = new Intl.DateTimeFormat(undefined, {
  dateStyle: 'medium',
  timeStyle: 'short',
  hourCycle: 'h23',
});
const hours = new Intl.DateTimeFormat(undefined, { timeStyle: 'short', hourCycle: 'h23' });
const numbers = new Intl.NumberFormat();
export const clockTime = (at) => clock.format(new Date(at));
export const hourOf = (at) => hours.format(new Date(at));
export const count = (value) => numbers.format(Math.round(value));
/** The time in milliseconds, by the database's clock. */
export const now = () => Date.now() + shared.ahead;

/** Escapes characters that reverse or hide the text beside them, as on a terminal: a name may hold any. */
export const visible = (text) =>
  String(text).replace(
    /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

export function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties))
    if (name === 'className' || name.startsWith('on')) node[name] = value;
    else if (value !== null) node.setAttribute(name, visible(value));
  const shown = children.filter((child) => child !== null);
  node.append(...shown.map((child) => (child instanceof Node ? child : visible(child))));
  return node;
}

export function draw(tag, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export function setText(node, text) {
  const shown = visible(text);
  if (node.textContent !== shown) node.textContent = shown;
}

const units = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
];
export function span(seconds) {
  const [size, unit] = units.find(([one]) => seconds >= 2 * one) ?? [1, 's'];
  return `${Math.floor(seconds / size)} ${unit}`;
}

const howOld = {
  ago: (seconds) => (seconds < 0 ? 'now' : `${span(seconds)} ago`),
  in: (seconds) => (seconds < 0 ? `in ${span(-seconds)}` : 'now'),
  for: (seconds) => span(Math.max(0, seconds)),
};
function showAge(node) {
  setText(node, howOld[node.dataset.how]((now() - Date.parse(node.dateTime)) / 1_000));
}
/** How long ago or ahead a time is; {@link showAges} updates the text. */
export function time(at, how = 'ago') {
  const node = make('time', { datetime: at, 'data-how': how, title: clockTime(at) });
  showAge(node);
  return node;
}
export const showAges = () => document.querySelectorAll('time[data-how]').forEach(showAge);

/** The answer to a request, as an object; { code } if there is none, or none in JSON. */
export const ask = (path, id, init) =>
  fetch(`${shared.base}${path}?id=${encodeURIComponent(id)}`, init)
    .then((answer) => answer.json())
    .catch(() => ({ code: 'no answer' }));

/** Makes a list show the items in their order. A node stays as long as its item, and is updated only if the item changes. */
export function keep(list, items, show) {
  const before = (list.shown ??= new Map());
  const after = new Map();
  for (const item of items) {
    const text = JSON.stringify(item);
    const one = before.get(item.key) ?? { text: '', ...show(item) };
    if (one.text !== text) one.update(item);
    one.text = text;
    after.set(item.key, one);
  }
  for (const [key, { node }] of before) if (!after.has(key)) node.remove();
  let at = list.firstChild;
  for (const { node } of after.values()) {
    if (node !== at && at !== null && at.nextSibling === node) {
      // The item of the node at this place comes later, and its node is inserted there
      at.remove();
      at = node;
    }
    if (node === at) at = at.nextSibling;
    else list.insertBefore(node, at);
  }
  list.shown = after;
}

/** Shows an item in a part of the page; makes the part again only if the item has changed. */
export function part(node, item, show) {
  const text = JSON.stringify(item);
  if (node.text === text) return;
  node.text = text;
  node.replaceChildren(...show(item));
}

/** A button for an action; null if the page only shows. */
export function control(text, action, id, name) {
  if (!shared.state.actions) return null;
  const press = () => void shared.act(action, id, name);
  return make('button', { type: 'button', onclick: press, 'aria-label': `${text}: ${name}` }, text);
}
