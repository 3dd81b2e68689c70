import {
  byId,
  clockTime,
  control,
  count,
  draw,
  hourOf,
  keep,
  make,
  setText,
  shared,
  span,
  time,
} from './elements.mjs';

const nameOf = (flow) => shared.names.get(flow) ?? 'a deleted flow';

function showTotal({ key }) {
  const [value, more] = [make('b'), make('small')];
  const node = make('li', {}, value, key, more);
  function update(item) {
    node.className = item.isBad ? 'bad' : '';
    setText(value, count(item.value));
    setText(more, item.more);
  }
  return { node, update };
}

/** Shows the totals of all flows. */
export function showTotals({ all, flows, at }) {
  const many = (is) => flows.filter(is).length;
  const overdue = many(({ trouble }) => trouble === 'overdue');
  const waits = all.oldestQueued === null ? 0 : (Date.parse(at) - Date.parse(all.oldestQueued)) / 1_000;
  const total = (key, value, more = '', isBad = false) => ({ key, value, more, isBad });
  const totals = [
    total('overdue', overdue, overdue === 0 ? 'no due run waits' : 'nobody runs them', overdue > 0),
    total('need attention', many(({ trouble }) => trouble !== null) - overdue, 'failed, or no success'),
    total('running', all.runningRuns),
    total('queued', all.queuedRuns, all.oldestQueued === null ? '' : `the oldest for ${span(waits)}`),
    total(
      'paused',
      many(({ pause }) => pause !== null),
    ),
    total('flows', all.enabledFlows + all.disabledFlows, `${count(all.disabledFlows)} disabled`),
  ];
  keep(byId('totals'), totals, showTotal);
}

/** A run under way, or a queued run. */
function showRun({ id, flow, since, progress }) {
  const [told, more] = [make('span'), make('small')];
  const bar = progress === undefined ? null : make('progress', { max: 100, 'aria-label': nameOf(flow) });
  const head = make('span', {}, make('b', {}, nameOf(flow)), ' for ', time(since, 'for'));
  const node = make('li', {}, head, told, bar, more, control('Cancel', 'cancel', id, nameOf(flow)));
  function update({ type, by, progress: item }) {
    const percent = item?.percent ?? null;
    if (percent !== null) bar.value = percent;
    else bar?.removeAttribute('value');
    setText(told, percent === null ? '' : `${Math.floor(percent)} %`);
    const parts = [
      item?.stalled && 'stalled',
      item?.etaSeconds && `${span(item.etaSeconds)} left`,
      item?.jobs && `${item.jobsOver} of ${item.jobs} jobs`,
      item?.phase,
      item?.bytesPerSecond && `${count(item.bytesPerSecond / 1e6)} MB/s`,
      `${type} by ${by}`,
    ];
    setText(more, parts.filter(Boolean).join(' · '));
    more.className = item?.stalled ? 'bad' : '';
  }
  return { node, update };
}

function showSkip({ flow, reason, first, last, runs }) {
  const many = runs === null ? 'many runs' : runs === 1 ? '1 run' : `${count(runs)} runs`;
  const when = first === last ? '' : `, the first at ${hourOf(first)}`;
  const why = make('small', { className: reason === 'missed' ? 'bad' : '' }, `${reason}: ${many}${when}`);
  return { node: make('li', {}, make('b', {}, nameOf(flow)), time(last), why), update() {} };
}

/** Shows a list, with a note if it is empty or not complete. */
function showList(id, items, all, none, show) {
  const rest = all - items.length;
  const text = items.length === 0 ? none : rest > 0 ? `and ${count(rest)} more` : null;
  const last = text === null ? [] : [{ key: text, text }];
  const showText = () => ({ node: make('li', { className: 'quiet' }, text), update() {} });
  keep(byId(id), [...items, ...last], (item) => (item.text === undefined ? show(item) : showText()));
}

/** Shows the runs under way, the queue, and skipped runs. */
export function showRuns({ running, queue, day, all }) {
  const keyed = (runs) => runs.map((run) => ({ ...run, key: run.id }));
  showList('running', keyed(running), all.runningRuns, 'No run is under way.', showRun);
  showList('queue', keyed(queue), all.queuedRuns, 'The queue is empty.', showRun);
  const skips = day.skips.map((skip) => ({ ...skip, key: JSON.stringify(skip) }));
  showList('skips', skips, skips.length, 'No run was skipped.', showSkip);
}

/** From the bottom of a bar up. Bad kinds come first: on the line they show, however many runs went well. */
const kinds = ['missed', 'error', 'warning', 'running', 'success', 'skipped', 'cancelled', 'due'];
const words = { missed: 'missed or overdue', due: 'still due' };
const [height, slots] = [60, 48];

const manyOf = (kind, runs) => `${count(runs)} ${words[kind] ?? kind}`;

function drawBars(counts, from, slotMs) {
  const sums = Array.from({ length: slots }, (_, at) =>
    kinds.reduce((sum, kind) => sum + counts[kind][at], 0),
  );
  const most = Math.max(1, ...sums);
  return sums.flatMap((_, at) => {
    let top = height;
    return kinds
      .filter((kind) => counts[kind][at] > 0)
      .map((kind) => {
        const tall = Math.max(2, (counts[kind][at] / most) * (height - 6));
        top -= tall;
        const what = `${hourOf(from + at * slotMs)}: ${manyOf(kind, counts[kind][at])}`;
        const bar = { class: kind, x: at * 20 + 1, y: top, width: 18, height: tall };
        return draw('rect', bar, draw('title', {}, what));
      });
  });
}

/** Shows the day: which runs took place, which did not, which are still due. */
export function showDay({ day, flows, at }) {
  const { slotMs } = day;
  const from = Date.parse(day.from);
  const counts = Object.fromEntries(
    kinds.map((kind) => [kind, [...(day.counts[kind] ?? Array(slots).fill(0))]]),
  );
  for (const { overdue } of flows) {
    const slot = overdue === null ? -1 : Math.floor((Date.parse(overdue) - from) / slotMs);
    if (slot >= 0) counts.missed[slot] += 1;
  }
  const minute = Math.floor(Date.parse(at) / 60_000);
  const text = JSON.stringify([from, counts, minute]);
  const node = byId('day');
  if (node.text === text) return;
  node.text = text;
  const x = ((minute * 60_000 - from) / slotMs) * 20;
  const line = draw('line', { class: 'now', x1: x, x2: x, y1: 0, y2: height });
  const view = { viewBox: `0 0 ${slots * 20} ${height}`, preserveAspectRatio: 'none' };
  const svg = draw('svg', view, ...drawBars(counts, from, slotMs), line);
  const hours = [...Array(8).keys()].map((one) => make('span', {}, hourOf(from + one * 6 * slotMs)));
  node.querySelector('.chart').replaceChildren(svg, make('div', {}, ...hours));
  const told = kinds
    .map((kind) => [kind, counts[kind].reduce((sum, runs) => sum + runs, 0)])
    .filter(([, runs]) => runs > 0)
    .map(([kind, runs]) => manyOf(kind, runs));
  const period = `from ${clockTime(from)} to ${clockTime(from + slots * slotMs)}`;
  setText(node.querySelector('.sum'), `${told.join(', ') || 'Nothing ran, and nothing is due'}: ${period}.`);
}

/** The state of the schema, with the differences to the declared one. */
export function schemaParts({ state, message, remedy, differences, migrations, keys }) {
  const isRight = state === 'fits' && keys.missing.length === 0;
  byId('schema').className = isRight ? '' : 'bad';
  const facts = [
    `${migrations.applied} of ${migrations.known} migrations`,
    `${keys.present.length} foreign keys`,
    keys.deferred.length > 0 && `${keys.deferred.join(', ')} waiting for their tables`,
  ];
  const faults = [
    ...(differences.length > 0 || state === 'fits' ? differences : [message]),
    ...keys.missing.map((name) => `foreign key ${name} is missing`),
  ];
  const todo = remedy ?? (isRight ? null : 'protection-flows migrate');
  const fault = { fits: 'lacks a key', differs: 'has drifted' }[state] ?? `is ${state}`;
  return [
    make('b', {}, isRight ? 'The schema is as declared' : `The schema ${fault}`),
    make('span', { className: 'quiet' }, `: ${facts.filter(Boolean).join(', ')}`),
    ...(faults.length === 0 ? [] : [make('ul', {}, ...faults.map((one) => make('li', {}, one)))]),
    ...(todo === null ? [] : [make('p', {}, 'To do: ', make('code', {}, todo))]),
  ];
}

byId('day')
  .querySelector('.legend')
  .append(
    ...kinds.map((kind) => {
      const sign = draw('rect', { class: kind, x: 1, y: 1, width: 8, height: 8 });
      return make('span', {}, draw('svg', { viewBox: '0 0 10 10' }, sign), words[kind] ?? kind);
    }),
  );
