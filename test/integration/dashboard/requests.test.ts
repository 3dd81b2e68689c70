import { once } from 'node:events';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { createDashboard } from '../../../src/dashboard';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import { useApps } from '../nestjs/apps';
import { useDataLayer } from '../repositories/data-layer';
import { ask, useServers } from './serve';

const layer = useDataLayer({ age: 'newer' });
const serve = useServers();
const apps = useApps();
const dashboard = () => createDashboard({ dataSource: layer.dataSource, refreshMs: 500 });
const ofThisMachine = ['Host: localhost', 'Connection: close'];

/** Sends these very lines, as no client would, and answers with the head and the body. */
async function knock(url: string, start: string, headers: readonly string[] = []) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const parts: Buffer[] = [];
  socket.on('data', (data: Buffer) => void parts.push(data));
  socket.write(`${[start, ...headers].join('\r\n')}\r\n\r\n`);
  await once(socket, 'close');
  const all = Buffer.concat(parts);
  const end = all.indexOf('\r\n\r\n');
  const head = all.subarray(0, end).toString();
  return {
    status: Number(head.split(' ')[1]),
    header: (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1] ?? null,
    body: all.subarray(end + 4),
  };
}

// Guards that a client can read each answer, and that no browser of another machine is taken for one of this machine.
describe('a request to the dashboard', () => {
  it.each([
    ['gzip', true],
    ['br, GZIP;q=0.001', true],
    ['*', true],
    ['*;q=0, gzip', true],
    ['identity;q=0, gzip', true],
    ['gzip;q=0', false],
    ['*, gzip ; q=0.000', false],
    ['*;q=0', false],
    ['not-gzip', false],
    ['', false],
  ])('is answered in an encoding that it accepts: %s', async (accepted, isPacked) => {
    const url = await serve(dashboard());
    const answer = await knock(url, 'GET / HTTP/1.1', [...ofThisMachine, `Accept-Encoding: ${accepted}`]);
    expect(answer.header('content-encoding')).toBe(isPacked ? 'gzip' : null);
    expect((isPacked ? gunzipSync(answer.body) : answer.body).toString()).toMatch(/^<!doctype html>/);
  });

  it('gets 304 when any of its tags, weak or strong, matches the page', async () => {
    const url = await serve(dashboard());
    const statusFor = async (tags: string) =>
      (await knock(url, 'GET / HTTP/1.1', [...ofThisMachine, `If-None-Match: ${tags}`])).status;
    const etag = (await knock(url, 'GET / HTTP/1.1', ofThisMachine)).header('etag')!;
    const same = [etag, etag.slice(2), `"a,b", W/"c" , ${etag}`, '*'];
    for (const tags of same) expect([tags, await statusFor(tags)]).toEqual([tags, 304]);
    for (const tags of ['"a", W/"b"', etag.slice(0, -2)])
      expect([tags, await statusFor(tags)]).toEqual([tags, 200]);
  });

  it('may name the server in its request line, also under a path', async () => {
    const { url } = await apps.listen({}, (app) => void app.use('/deep', dashboard()));
    const whole = await serve(createDashboard({ dataSource: layer.dataSource, basePath: '/deep' }));
    for (const [server, path] of [
      [url, '/deep'],
      [url, '/deep/state'],
      [whole, '/deep/'],
      [whole, '/deep/state?x'],
      [await serve(dashboard()), ''],
    ] as const) {
      const { status } = await knock(server, `GET http://localhost${path} HTTP/1.1`, ofThisMachine);
      expect([path, status]).toEqual([path, 200]);
    }
  });

  it.each([
    ['HTTP/1.1', 'Origin: http://127.0.0.1:8080', 200],
    ['HTTP/1.1', 'Via: 1.1 proxy.example', 403],
    ['HTTP/1.1', 'X-Real-IP: 192.0.2.1', 403],
    ['HTTP/1.1', 'X-Forwarded-Host: backup.example', 403],
    ['HTTP/1.1', 'X-Forwarded-For:', 403],
    ['HTTP/1.1', 'Forwarded: for=192.0.2.1', 403],
    // A proxy has put its own name for this machine into Host; what the browser says of its page is still there
    ['HTTP/1.1', 'Origin: https://backup.example', 403],
    ['HTTP/1.1', 'Origin: null', 403],
    // nginx, with `proxy_pass http://127.0.0.1:8080` and no more
    ['HTTP/1.0', 'Accept: */*', 403],
  ])('counts as local only if no header shows a proxy: %s, %s', async (version, header, status) => {
    const url = await serve(dashboard());
    expect((await knock(url, `GET / ${version}`, [...ofThisMachine, header])).status).toBe(status);
  });

  it('is allowed only by the value true', async () => {
    for (const [answer, status] of [
      [true, 200],
      [Promise.resolve(true), 200],
      [Promise.resolve(false), 403],
      ['no', 403],
      [{ ok: false }, 403],
      [undefined, 403],
    ] as const) {
      const allow = (() => answer) as () => boolean;
      const url = await serve(createDashboard({ dataSource: layer.dataSource, allow }));
      expect([answer, (await knock(url, 'GET / HTTP/1.1', ofThisMachine)).status]).toEqual([answer, status]);
    }
  });

  it('gets 503 when the program has closed the database', async () => {
    const dataSource = await createDataSource(layer.database.settings).initialize();
    const url = await serve(createDashboard({ dataSource, allow: () => true }));
    await dataSource.destroy();
    for (const path of ['state', 'flow?id=x'])
      expect(await ask(`${url}/${path}`)).toMatchObject({ status: 503, body: { code: 'CONNECTION_LOST' } });
  });
});
