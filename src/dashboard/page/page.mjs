import { ask, byId, clockTime, keep, part, setText, shared, showAges, visible } from './elements.mjs';
import { filter, showFlow } from './flows.mjs';
import { schemaParts, showDay, showRuns, showTotals } from './overview.mjs';

shared.base = location.pathname.replace(/\/*$/, '/');

const collator = new Intl.Collator(undefined, { numeric: true });
const rank = ({ trouble }) => (trouble === 'overdue' ? 0 : trouble === null ? 2 : 1);
const since = ({ trouble, overdue }) => (trouble === 'overdue' ? Date.parse(overdue) : 0);

/** Overdue flows come first, the longest overdue at the top; then flows that need attention. */
const byNeed = (one, other) =>
  rank(one) - rank(other) || since(one) - since(other) || collator.compare(one.name, other.name);

function show(state) {
  if (state.at !== null) shared.ahead = Date.parse(state.at) - Date.now();
  state.flows = state.flows.map((flow) => ({ ...flow, key: flow.id })).sort(byNeed);
  shared.state = state;
  shared.names = new Map(state.flows.map(({ id, name }) => [id, name]));
  setText(byId('where'), `${state.schema.database} on ${state.schema.server}`);
  part(byId('schema'), state.schema, schemaParts);
  byId('schema').hidden = false;
  byId('tables').hidden = state.all === null;
  byId('unread').hidden = state.all !== null;
  if (state.all === null) return;
  const overdue = state.flows.filter(({ trouble }) => trouble === 'overdue').length;
  document.title = `${overdue > 0 ? `(${overdue} overdue) ` : ''}Protection flows`;
  showTotals(state);
  showDay(state);
  showRuns(state);
  keep(byId('rows'), state.flows, showFlow);
  filter();
  showAges();
}

let [readAt, etag, timer] = [Date.now(), '', 0];

function live(fault) {
  setText(byId('live'), fault === null ? 'Live' : `Not up to date since ${clockTime(readAt)}: ${fault}`);
  byId('live').className = fault === null ? '' : 'bad';
}

async function look() {
  try {
    // The browser sends the ETag that it has
    const answer = await fetch(`${shared.base}state`, { cache: 'no-cache' });
    if (!answer.ok) return live((await answer.json()).code);
    if (answer.headers.get('ETag') !== etag) show(await answer.json());
    etag = answer.headers.get('ETag');
    readAt = Date.now();
    live(null);
  } catch (error) {
    if (!(error instanceof TypeError)) console.error(error);
    live('no answer');
  }
}

async function goOn() {
  clearTimeout(timer);
  if (!document.hidden) await look();
  timer = setTimeout(goOn, shared.state?.refreshMs ?? 5_000);
}

shared.act = async (action, id, name) => {
  if (action === 'cancel' && !confirm(visible(`Cancel the run of ${name}?`))) return;
  const headers = { 'X-Protection-Flows': 'dashboard' };
  const { done, code, message } = await ask(action, id, { method: 'POST', headers });
  const said = code === undefined ? (done ? 'done' : 'nothing was left to do') : (message ?? code);
  byId('said').hidden = false;
  setText(byId('said'), `${name}: ${action}: ${said}`);
  await goOn();
};

document.addEventListener('visibilitychange', () => void goOn());
setInterval(showAges, 10_000);
void goOn();
