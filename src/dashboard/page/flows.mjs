import {
  ask,
  byId,
  clockTime,
  control,
  count,
  draw,
  make,
  part,
  setText,
  shared,
  span,
  statuses,
  time,
} from './elements.mjs';

const tones = { error: 'bad', missed: 'bad', warning: 'warn', late: 'warn' };
const toned = (word) => make('span', { className: tones[word] ?? '' }, word);

/** A worse status has a higher bar, so that it also shows without its colour. */
const heights = { s: 12, w: 17, e: 22, r: 22, c: 6 };

function strip(runs) {
  const letters = [...runs].reverse();
  const bar = (letter, at) =>
    `M${(20 - letters.length + at) * 6 + 1} 22v-${heights[letter]}h4v${heights[letter]}z`;
  const kinds = Object.entries(statuses).filter(([letter]) => runs.includes(letter));
  const many = ([letter, status]) => `${runs.split(letter).length - 1} ${status}`;
  const label = runs === '' ? 'no runs yet' : `${kinds.map(many).join(', ')}; the newest at the right`;
  const paths = kinds.map(([letter, status]) =>
    draw('path', {
      class: status,
      d: letters.map((one, at) => (one === letter ? bar(one, at) : '')).join(''),
    }),
  );
  const svg = { class: 'strip', viewBox: '0 0 120 22', role: 'img', 'aria-label': label };
  return draw('svg', svg, draw('title', {}, label), ...paths);
}

const faults = {
  'no-schedule': 'the schedule is gone',
  'schedule-invalid': 'the schedule is not valid',
  never: 'the schedule never fires again',
};

function nextOf({ enabled, pause, overdue, fault, next, schedule }) {
  if (!enabled) return ['disabled'];
  if (pause !== null) {
    const why = [pause.note, pause.by && `by ${pause.by}`].filter(Boolean).join(', ');
    return [
      'paused',
      ...(pause.until === null ? [] : [', goes on ', time(pause.until, 'in')]),
      make('small', {}, why),
    ];
  }
  if (overdue !== null) return [make('b', { className: 'bad' }, 'overdue for ', time(overdue, 'for'))];
  if (fault !== null) return [make('span', { className: 'bad' }, faults[fault] ?? fault)];
  return [next !== null ? time(next, 'in') : schedule === null ? 'by hand' : 'not planned'];
}

function lastOf({ last, lastAt }) {
  return lastAt === null ? ['not yet'] : [toned(last), ' ', time(lastAt)];
}

function successOf({ success, trouble }) {
  const isOld = trouble === 'no success';
  return [success === null ? 'none' : make('span', { className: isOld ? 'bad' : '' }, time(success))];
}

function skipsOf({ skips }) {
  const why = Object.entries(skips).map(([reason, runs]) => `${count(runs)} ${reason}`);
  return why.map((one) => make('small', {}, one));
}

const runLine = ({ status, type, by, at, seconds, error }) =>
  make(
    'li',
    {},
    toned(status),
    ` ${clockTime(at)}${seconds === null ? '' : `, took ${span(seconds)}`}, ${type} by ${by}${error ? `: ${error}` : ''}`,
  );

function auditLine({ finding, reason, firstDueAt, lastDueAt, runs, lateSeconds }) {
  const late = lateSeconds === null ? '' : ` by ${span(lateSeconds)}`;
  const end = firstDueAt === lastDueAt ? '' : ` to ${clockTime(lastDueAt)}`;
  const many = `${end}${runs > 1 ? `, ${count(runs)} runs` : ''}`;
  return make(
    'li',
    {},
    toned(finding),
    `${late}${reason === null ? '' : `, ${reason}`}: ${clockTime(firstDueAt)}${many}`,
  );
}

async function loadDetail({ id, name, pause }, node) {
  const { runs = [], audit = [], code = null } = await ask('flow', id);
  const change = pause === null ? control('Pause', 'pause', id, name) : control('Resume', 'resume', id, name);
  const list = (title, items) => make('div', {}, make('h3', {}, title), make('ol', {}, ...items));
  node.replaceChildren(
    ...[
      control('Run now', 'run', id, name),
      change,
      code && make('p', { className: 'bad' }, code),
      audit.length > 0 ? list('Not on time, of the last 24 hours', audit.map(auditLine)) : null,
      list(runs.length === 0 ? 'No runs yet' : 'Last runs', runs.map(runLine)),
    ].filter(Boolean),
  );
}

/** The cells of a flow: label, the properties that the cell shows, and its content. */
const columns = [
  ['', ['runs'], ({ runs }) => [strip(runs)]],
  ['Last', ['last', 'lastAt'], lastOf],
  ['Success', ['success', 'trouble'], successOf],
  ['Next', ['next', 'overdue', 'pause', 'fault', 'enabled', 'schedule'], nextOf],
  ['Skipped', ['skips'], skipsOf],
];

/** The row of a flow. It opens to show the last runs. */
export function showFlow(first) {
  let [flow, detail] = [first, null];
  const name = make('button', {
    type: 'button',
    className: 'name',
    'aria-expanded': 'false',
    onclick: toggle,
  });
  const what = make('small');
  const cells = columns.map(([label]) => make('div', { role: 'cell', 'data-label': label || null }));
  const row = make(
    'div',
    { role: 'row', className: 'row' },
    make('div', { role: 'cell' }, name, what),
    ...cells,
  );
  const node = make('div', { role: 'rowgroup' }, row);
  function toggle() {
    name.setAttribute('aria-expanded', String(detail === null));
    if (detail !== null) {
      detail.parentNode.remove();
      detail = null;
      return;
    }
    detail = make('div', { role: 'cell' }, 'Reading …');
    node.append(make('div', { role: 'row', className: 'detail' }, detail));
    void loadDetail(flow, detail);
  }
  function update(item) {
    flow = item;
    const isOff = !item.enabled || item.pause !== null;
    node.className = `flow ${item.trouble === 'overdue' ? 'overdue' : item.trouble ? 'late' : isOff ? 'off' : ''}`;
    setText(name, item.name);
    setText(what, [item.what, item.schedule].filter(Boolean).join(' · '));
    for (const [at, [, names, show]] of columns.entries()) {
      const shown = names.map((one) => item[one]);
      part(cells[at], shown, () => show(item));
    }
    if (detail !== null) void loadDetail(flow, detail);
  }
  return { node, update };
}

const filters = {
  'all flows': () => true,
  'need attention': ({ trouble }) => trouble !== null,
  overdue: ({ trouble }) => trouble === 'overdue',
  'failed last': ({ last }) => last === 'error',
  running: ({ last }) => last === 'running',
  paused: ({ pause }) => pause !== null,
  disabled: ({ enabled }) => !enabled,
};

/** Hides the rows that do not match the filter. */
export function filter() {
  const { flows, all } = shared.state;
  const [wanted, is] = [byId('find').value.trim().toLowerCase(), filters[byId('show').value]];
  let shown = 0;
  for (const flow of flows) {
    const text = `${flow.name} ${flow.what} ${flow.schedule ?? ''}`.toLowerCase();
    const isShown = is(flow) && text.includes(wanted);
    const { node } = byId('rows').shown.get(flow.key);
    if (node.hidden === isShown) node.hidden = !isShown;
    shown += Number(isShown);
  }
  const there = all.enabledFlows + all.disabledFlows;
  setText(byId('shown'), shown === there ? '' : `${count(shown)} of ${count(there)}`);
  byId('none').hidden = shown > 0;
  setText(byId('none'), there === 0 ? 'There are no flows yet.' : 'No flow matches.');
}

byId('show').append(...Object.keys(filters).map((text) => make('option', {}, text)));
for (const event of ['input', 'change'])
  byId('flows-bar').addEventListener(event, () => shared.state?.all && filter());
