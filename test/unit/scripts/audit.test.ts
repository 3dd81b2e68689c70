import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { runProgram, type ProgramEnd } from '../../support/run-program';

/** Guards that `npm run audit` fails for a vulnerability that the registry reports, and not if the registry does not answer. */
describe('npm run audit', () => {
  let registry: Server;
  let answer: { status: number; body: unknown };

  beforeAll(async () => {
    registry = createServer((request, response) => {
      request.resume();
      const { status, body } = request.url?.endsWith('/advisories/bulk') ? answer : { status: 404, body: {} };
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }).listen(0, '127.0.0.1');
    await once(registry, 'listening');
  });
  afterAll(() => registry.close());

  const audit = (): Promise<ProgramEnd> => {
    const { port } = registry.address() as AddressInfo;
    const env = { npm_config_registry: `http://127.0.0.1:${port}/`, npm_config_fetch_retries: '0' };
    return runProgram('node', ['scripts/audit.mjs'], { env });
  };

  it('names each vulnerable package, and fails', async () => {
    const advisory = {
      id: 1,
      url: 'https://example/1',
      title: 'A hole',
      severity: 'high',
      vulnerable_versions: '*',
    };
    answer = {
      status: 200,
      body: { croner: [{ ...advisory, cwe: [], cvss: { score: 0, vectorString: null } }] },
    };
    const end = await audit();
    expect(end.exitCode).toBe(1);
    expect(end.stderr).toContain('high: croner: A hole, https://example/1\n');
  });

  it('says that nothing is known if the registry does not answer, and does not fail', async () => {
    answer = { status: 405, body: {} };
    const end = await audit();
    expect(end.exitCode).toBe(0);
    expect(end.stderr).toMatch(/^vulnerabilities are unknown, because the registry did not answer: 405 /);
  });

  it('says if there are no vulnerable packages', async () => {
    answer = { status: 200, body: {} };
    expect(await audit()).toMatchObject({ exitCode: 0, stderr: '0 packages with known vulnerabilities\n' });
  });
});
