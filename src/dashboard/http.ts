import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

/** A response body. It is compressed once, for all requests. */
export interface Body {
  readonly type: string;
  readonly etag: string;
  readonly plain: Buffer;
  readonly packed: Buffer;
}

/** @param same the part of the text that makes the ETag; default: all of the text */
export function bodyOf(type: string, text: string, same = text): Body {
  const etag = `W/"${createHash('sha256').update(same).digest('base64url').slice(0, 22)}"`;
  return { type: `${type}; charset=utf-8`, etag, plain: Buffer.from(text), packed: gzipSync(text) };
}

const always = {
  'Cache-Control': 'no-cache, private',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

/** True if the client accepts gzip, or all codings, with a weight above 0 (RFC 9110, 12.5.3). */
function takesGzip(header: string): boolean {
  const codings = header.toLowerCase().split(',');
  const parts = codings.map((one) => one.split(';').map((part) => part.trim()));
  const taken = new Map(parts.map(([name, weight = '']) => [name, !/^q=0(\.0*)?$/.test(weight)]));
  return taken.get('gzip') ?? taken.get('*') ?? false;
}

/** Sends a body, or 304 if the client has it. */
export function sendBody(
  { headers }: IncomingMessage,
  response: ServerResponse,
  { type, etag, plain, packed }: Body,
  more: Readonly<Record<string, string>> = {},
): void {
  // Compared weakly (RFC 9110, 13.1.2): `"x"` is `W/"x"`
  const same = [etag, etag.slice('W/'.length), '*'];
  const known = headers['if-none-match']?.split(',').some((one) => same.includes(one.trim())) === true;
  const isPacked = takesGzip(String(headers['accept-encoding'] ?? ''));
  const head = { ...always, ...more, ETag: etag, Vary: 'Accept-Encoding' };
  if (known) {
    response.writeHead(304, head).end();
    return;
  }
  const bytes = isPacked ? packed : plain;
  response
    .writeHead(200, {
      ...head,
      'Content-Type': type,
      'Content-Length': bytes.length,
      ...(isPacked && { 'Content-Encoding': 'gzip' }),
    })
    .end(bytes);
}

/** Sends an object as JSON, not compressed. */
export function sendJson(
  response: ServerResponse,
  status: number,
  what: object,
  more: Readonly<Record<string, string>> = {},
): void {
  response
    .writeHead(status, { ...always, ...more, 'Content-Type': 'application/json; charset=utf-8' })
    .end(JSON.stringify(what));
}

const loopback = /^(127\.|::1$|::ffff:127\.)/;
const thisMachine = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i;
const leftByProxies = /^(forwarded|via|x-real-ip|x-forwarded-.+)$/;

/** Returns the origin of the asking page without its scheme; undefined if the browser does not send it. */
const originOf = ({ headers }: IncomingMessage): string | undefined =>
  headers.origin?.replace(/^https?:\/\//, '');

/**
 * True for a request from a browser on this machine, to this machine by its own name: another name may lead here by DNS
 * rebinding. False for a request that shows a proxy, by a header, by the page's origin, or by HTTP/1.0: by default nginx
 * forwards in HTTP/1.0, with this machine's name as `Host`.
 */
export function isLocal(request: IncomingMessage): boolean {
  const { socket, headers, httpVersion } = request;
  const isForwarded = httpVersion === '1.0' || Object.keys(headers).some((name) => leftByProxies.test(name));
  const names = [headers.host ?? '', originOf(request) ?? 'localhost'];
  return (
    !isForwarded && loopback.test(socket.remoteAddress ?? '') && names.every((name) => thisMachine.test(name))
  );
}

/** True for a request of this page: it has a header that no form of another page can send, and the browser confirms its origin. */
export function isOfPage(request: IncomingMessage): boolean {
  const { headers } = request;
  if (headers['x-protection-flows'] !== 'dashboard') return false;
  const site = headers['sec-fetch-site'];
  // Browsers leave the header out for pages that came neither from this machine nor over TLS
  if (site !== undefined) return site === 'same-origin';
  return (originOf(request) ?? headers.host) === headers.host;
}
