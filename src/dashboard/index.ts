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

/** Options of {@link createDashboard}. */
export interface DashboardOptions {
  /** The connected data source of the flows. */
  readonly dataSource: ProtectionFlowsDataSource;
  /** Decides whether a request gets an answer. Default: only a browser on this machine does. */
  readonly allow?: ((request: IncomingMessage) => boolean | Promise<boolean>) | undefined;
  /** Whether the page may pause, resume and run flows, and cancel runs. Default: false. */
  readonly actions?: boolean | undefined;
  /** Returns who acts; the name is stored with the pause or the run. Default: `dashboard`. */
  readonly actor?: ((request: IncomingMessage) => string) | undefined;
  /** The path under which the dashboard answers, unless a router in front removes it from the URL. Default: `/`. */
  readonly basePath?: string | undefined;
  /** The shortest time between two reads of the database, in milliseconds, 500 to 3,600,000. Default: 5,000. */
  readonly refreshMs?: number | undefined;
}

/** A listener of `node:http`, and a middleware of Express and NestJS: it passes on requests for other paths. */
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

/** The actions of operators. Each takes the id of a flow, `cancel` the id of a run. */
const actions: Readonly<Record<string, Action>> = {
  pause: ({ flows }, id, by) => flows.pause(id, { by }),
  resume: ({ flows }, id) => flows.resume(id),
  run: ({ executions }, id, by) =>
    executions.enqueue({ flow_id: id, execution_type: 'manual', triggered_by: by }),
  cancel: ({ executions }, id, by) => executions.cancel(id, `cancelled by ${by}`),
};

/** Sends a fault's code. Sends the message only if the request is at fault: other messages may name hosts and accounts. */
function sendFault(response: ServerResponse, error: unknown): void {
  const fault = isProtectionFlowsError(error) ? error : null;
  const code = fault?.code ?? 'INTERNAL';
  const status = httpStatusOf(code);
  sendJson(response, status, { code, ...(status < 500 && { message: fault?.message }) });
}

/**
 * Makes the live page: the state of all flows, runs under way, queued and skipped runs, the runs of a day, the schema.
 * Without `actions` it only reads. Without `allow` it answers this machine alone. It opens no port itself.
 *
 * @throws VALIDATION_FAILED, naming every option that is wrong
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

  /** Returns the path below the base path, and the query; null outside of the base path. */
  function partsOf(request: IncomingMessage): { path: string; query: URLSearchParams } | null {
    const original = (request as { originalUrl?: string }).originalUrl;
    const whole = (base === '' ? undefined : original) ?? request.url ?? '/';
    // A server has to accept `http://host/path` too (RFC 9112, 3.2.2)
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

  /** Answers the request; false if it is for another path. */
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const parts = partsOf(request);
    if (parts === null) return false;
    const { path, query } = parts;
    const action = Object.hasOwn(actions, path) ? actions[path] : undefined;
    if (action === undefined && !['', 'state', 'flow'].includes(path)) return false;
    const id = query.get('id') ?? '';
    const isReading = request.method === 'GET' || request.method === 'HEAD';
    const isActing = request.method === 'POST' && given.actions && action !== undefined;
    // Only true allows: a check may return an object that says why not
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
        // The program is shutting down: the request is not at fault
        else if (!dataSource.isInitialized) sendJson(response, 503, { code: 'CONNECTION_LOST' });
        else sendFault(response, error);
      });
  };
}
