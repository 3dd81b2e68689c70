import type { IncomingMessage } from 'node:http';

const loopback = /^(127\.|::1$|::ffff:127\.)/;
const thisMachine = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i;

/**
 * True for a request of a browser on this machine, which asks for this machine: no proxy hands it on, and no name of somebody
 * else's leads here (DNS rebinding).
 */
export function isLocal({ socket, headers }: IncomingMessage): boolean {
  const isHandedOn = headers.forwarded !== undefined || headers['x-forwarded-for'] !== undefined;
  return loopback.test(socket.remoteAddress ?? '') && thisMachine.test(headers.host ?? '') && !isHandedOn;
}

/** True for a request of our page: with the header that no form of another page can send, and by the browser's own word. */
export function isOfPage({ headers }: IncomingMessage): boolean {
  if (headers['x-protection-flows'] !== 'dashboard') return false;
  const site = headers['sec-fetch-site'];
  // Browsers leave it out where the page came neither from this machine nor by TLS
  if (site !== undefined) return site === 'same-origin';
  return headers.origin === undefined || headers.origin.replace(/^https?:\/\//, '') === headers.host;
}
