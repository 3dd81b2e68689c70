import { backupOfGroup } from './platform';
import { startExample, waitUntilItSays, type Program } from './programs';

/** An answer of the API. */
export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}

/** The running API, and how to send it requests. Paths are relative to /api/v1/protection-flows. */
export interface Api {
  readonly program: Program;
  readonly origin: string;
  request<Body = unknown>(method: string, path: string, body?: unknown): Promise<Answer<Body>>;
}

/** Starts the API on a free port. The promise resolves once the API answers. */
export async function startApi(databaseUrl: string): Promise<Api> {
  const program = startExample('api', { DATABASE_URL: databaseUrl, PORT: '0' });
  return apiOf(program);
}

/** Waits until the program's API answers. */
export async function apiOf(program: Program): Promise<Api> {
  const [, origin = ''] = await waitUntilItSays(program, /^API: (http:\/\/127\.0\.0\.1:\d+)\/api/m);
  return {
    program,
    origin,
    async request<Body>(method: string, path: string, body?: unknown) {
      const response = await fetch(`${origin}/api/v1/protection-flows${path}`, {
        method,
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        headers: { 'content-type': 'application/json' },
      });
      const text = await response.text();
      return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as Body };
    },
  };
}

/** The fields of a flow in an answer that tests look at. */
export interface Flow {
  readonly id: string;
  readonly name: string;
}

/** Creates a backup flow of the group through the API. */
export async function createFlow(api: Api, changes: Readonly<Record<string, unknown>> = {}): Promise<Flow> {
  const { status, body } = await api.request<Flow>('POST', '', backupOfGroup(changes));
  expect({ status, body }).toMatchObject({ status: 201 });
  return body;
}

interface Fault {
  readonly code: string;
  readonly details: { readonly fields?: readonly { readonly field: string }[] };
}

/** Sends a request, and returns the status, the code and the names of the wrong fields in alphabetical order. */
export async function faultOf(api: Api, ...request: Parameters<Api['request']>): Promise<unknown> {
  const { status, body } = await api.request<Fault>(...request);
  return { status, code: body.code, fields: body.details.fields?.map(({ field }) => field).sort() };
}
