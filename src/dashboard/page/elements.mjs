// Everything that comes from the database goes through textContent and setAttribute: no text is ever markup.

/** What the parts of the page share: the state that was read last, how far its clock is ahead, and what a button does. */
export const shared = { state: null, ahead: 0, act: null };

export const byId = (id) => document.getElementById(id);
/** The statuses of runs that began, by the letters of a strip. */
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
/** By the database's clock. */
export const now = () => Date.now() + shared.ahead;

/** What turns around or hides the text beside it stands as its escape, as on a terminal: anybody may have written a name. */
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
function tell(node) {
  setText(node, howOld[node.dataset.how]((now() - Date.parse(node.dateTime)) / 1_000));
}
/** How long ago or ahead something is; it is told anew as time goes by. */
export function time(at, how = 'ago') {
  const node = make('time', { datetime: at, 'data-how': how, title: clockTime(at) });
  tell(node);
  return node;
}
export const tellAll = () => document.querySelectorAll('time[data-how]').forEach(tell);

/** Makes a list show these items in their order: a node stays as long as its item, and changes only where that does. */
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
      // The one that stands here goes further down: it is put there when its turn comes
      at.remove();
      at = node;
    }
    if (node === at) at = at.nextSibling;
    else list.insertBefore(node, at);
  }
  list.shown = after;
}

/** The same for one part of the page, made anew where what it shows has changed. */
export function part(node, item, show) {
  const text = JSON.stringify(item);
  if (node.text === text) return;
  node.text = text;
  node.replaceChildren(...show(item));
}

/** A button of an operator's control; none where the page is to be looked at alone. */
export function control(text, action, id, name) {
  if (!shared.state.actions) return null;
  const press = () => void shared.act(action, id, name);
  return make('button', { type: 'button', onclick: press, 'aria-label': `${text}: ${name}` }, text);
}
