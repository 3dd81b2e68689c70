import { readFile } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { packageFolder } from '../../support/run-program';

const folder = join(packageFolder, 'test/fixtures/web-page');
const files = ['index.html', 'page.css', 'page.mjs', 'api.mjs', 'text.mjs'];
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.mjs': 'text/javascript; charset=utf-8',
};

/** The page's own address serves the API, as on the platform. */
function handOn(origin: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, url = '', headers } = incoming;
  const onwards = request(new URL(url, origin), { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(outgoing);
  });
  onwards.on('error', () => outgoing.writeHead(502).end());
  incoming.pipe(onwards);
}

async function serve(origin: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { pathname } = new URL(incoming.url ?? '', origin);
  const name = pathname === '/' ? 'index.html' : pathname.slice(1);
  if (pathname.startsWith('/api/')) handOn(origin, incoming, outgoing);
  else if (!files.includes(name)) outgoing.writeHead(404).end();
  else {
    outgoing.writeHead(200, { 'content-type': types[extname(name)] });
    outgoing.end(await readFile(join(folder, name)));
  }
}

/** The running page. */
export interface WebPage {
  /** It reads the list and the runs more often than the platform's page does. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves the page of test/fixtures/web-page in front of an API. */
export async function serveWebPage(apiOrigin: string): Promise<WebPage> {
  const server: Server = createServer((incoming, outgoing) => void serve(apiOrigin, incoming, outgoing));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/?list-ms=300&runs-ms=1000`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
