import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  callback,
  count,
  declareArguments,
  flag,
  name,
  optional,
  options as optionsOf,
  that,
} from '../arguments';
import { guarded } from '../engine/session/database';
import { httpStatusOf, isProtectionFlowsError } from '../errors';
import { createRepositories, type Repositories } from '../repositories';
import type { ProtectionFlowsDataSource } from '../typeorm/guarded-data-source';
import { bodyOf, isLocal, isOfPage, sendBody, sendJson } from './http';
import { makePage } from './page';
import { readFlow } from './read-runs';
import { stateReader } from './read-state';
import { shareRead } from './shared-read';

/** What {@link createDashboard} takes. */
export interface DashboardOptions {
  /** Where the flows are; connected. */
  readonly dataSource: ProtectionFlowsDataSource;
  /** Who may look. Default: a browser on this machine alone. */
  readonly allow?: ((request: IncomingMessage) => boolean | Promise<boolean>) | undefined;
  /** Whether the page may pause, resume and run flows, and cancel runs. Default: false. */
  readonly actions?: boolean | undefined;
  /** Who acts: kept with the pause or the run. Default: `dashboard`. */
  readonly actor?: ((request: IncomingMessage) => string) | undefined;
  /** The path that it answers below, where nothing in front of it takes that off. Default: `/`. */
  readonly basePath?: string | undefined;
  /** The database is read once in so many milliseconds while somebody looks: 500 to 3,600,000. Default: 5,000. */
  readonly refreshMs?: number | undefined;
}

/** Answers requests: a listener of `node:http`, and a middleware of Express and NestJS, which hands on what is not its own. */
export type Dashboard = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

const readOptions = declareArguments('createDashboard', {
  options: optionsOf({
    dataSource: guarded,
    allow: optional(callback<NonNullable<DashboardOptions['allow']>>(), isLocal),
    actions: optional(flag, false),
    actor: optional(callback<NonNullable<DashboardOptions['actor']>>(), () => 'dashboard'),
    basePath: optional(
      that<string>(
        'isPath',
        (value) => typeof value === 'string' && /^\/[^?#\s]*$/.test(value),
        'must be a path that begins with /',
      ),
      '/',
    ),
    refreshMs: optional(count({ min: 500, max: 3_600_000 }), 5_000),
  }),
});

const readActor = declareArguments('dashboard', { actor: name });

type Action = (of: Repositories, id: string, actor: string) => Promise<unknown>;

/** What operators may do, each by the id of a flow; `cancel` by that of a run. */
const actions: Readonly<Record<string, Action>> = {
  pause: ({ flows }, id, by) => flows.pause(id, { by }),
  resume: ({ flows }, id) => flows.resume(id),
  run: ({ executions }, id, by) =>
    executions.enqueue({ flow_id: id, execution_type: 'manual', triggered_by: by }),
  cancel: ({ executions }, id, by) => executions.cancel(id, `cancelled by ${by}`),
};

/** Of a fault its code, and its message where the request is to blame: others may name hosts and accounts. */
function sendFault(response: ServerResponse, error: unknown): void {
  const fault = isProtectionFlowsError(error) ? error : null;
  const code = fault?.code ?? 'INTERNAL';
  const status = httpStatusOf(code);
  sendJson(response, status, { code, ...(status < 500 && { message: fault?.message }) });
}

/**
 * Makes the live page: how all flows stand, what runs, waits and was skipped, a day's runs, the schema. It reads alone unless
 * `actions` says otherwise, listens nowhere by itself, and answers this machine alone unless `allow` says otherwise.
 *
 * @throws VALIDATION_FAILED naming everything that is wrong with the options
 */
export function createDashboard(options: DashboardOptions): Dashboard {
  const given = readOptions({ options }).options;
  const dataSource = given.dataSource as ProtectionFlowsDataSource;
  const repositories = createRepositories(dataSource);
  const base = given.basePath.replace(/\/+$/, '');
  const page = makePage();
  const readState = stateReader(dataSource);
  const state = shareRead(given.refreshMs, async () => {
    const { at, ...same } = await readState();
    const shown = { ...same, actions: given.actions, refreshMs: given.refreshMs };
    return bodyOf('application/json', JSON.stringify({ ...shown, at }), JSON.stringify(shown));
  });

  /** The path below the base, and what stands behind it; null outside of the base. */
  function partsOf(request: IncomingMessage): { path: string; query: URLSearchParams } | null {
    const original = (request as { originalUrl?: string }).originalUrl;
    const whole = (base === '' ? undefined : original) ?? request.url ?? '/';
    // A server has to take `http://host/path` too (RFC 9112, 3.2.2)
    const [path = '', ...query] = whole.replace(/^https?:\/\/[^/?]*/i, '').split('?');
    const isBelow = path === base || path.startsWith(`${base}/`);
    return isBelow
      ? { path: path.slice(base.length + 1), query: new URLSearchParams(query.join('?')) }
      : null;
  }

  async function act(action: Action, id: string, request: IncomingMessage): Promise<object> {
    const { actor } = readActor({ actor: given.actor(request) });
    const done = await action(repositories, id, actor);
    state.forget();
    return { done: done !== false };
  }

  /** False where the request is none of ours. */
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const parts = partsOf(request);
    if (parts === null) return false;
    const { path, query } = parts;
    const action = Object.hasOwn(actions, path) ? actions[path] : undefined;
    if (action === undefined && !['', 'state', 'flow'].includes(path)) return false;
    const id = query.get('id') ?? '';
    const isReading = request.method === 'GET' || request.method === 'HEAD';
    const isActing = request.method === 'POST' && given.actions && action !== undefined;
    // Nothing else that a check may answer, such as an object that says why not
    if ((await given.allow(request)) !== true)
      sendJson(response, 403, { code: 'FORBIDDEN', message: 'see the option allow of createDashboard' });
    else if (isActing && !isOfPage(request))
      sendJson(response, 403, { code: 'FORBIDDEN', message: 'not a request of this page' });
    else if (isActing) sendJson(response, 200, await act(action, id, request));
    else if (!isReading || action !== undefined) {
      const allowed = action !== undefined && given.actions ? 'POST' : 'GET, HEAD';
      sendJson(response, 405, { code: 'METHOD_NOT_ALLOWED' }, { Allow: allowed });
    } else if (path === '') sendBody(request, response, page.body, page.headers);
    else if (path === 'state') sendBody(request, response, await state.get());
    else sendJson(response, 200, await readFlow(dataSource, id));
    return true;
  }

  return (request, response, next) => {
    answer(request, response)
      .then((isAnswered) => {
        if (isAnswered) return;
        if (next !== undefined) next();
        else sendJson(response, 404, { code: 'NOT_FOUND' });
      })
      .catch((error: unknown) => {
        if (response.headersSent) response.end();
        // Its program ends: that is no fault of the request
        else if (!dataSource.isInitialized) sendJson(response, 503, { code: 'CONNECTION_LOST' });
        else sendFault(response, error);
      });
  };
}
