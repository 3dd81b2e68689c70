import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The paths of PEM files: an authority, and the certificate and key that it issued to a server named `localhost`. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes the files in `folder`, with openssl, as operators of their own servers do. */
export function makeCertificates(folder: string): Certificates {
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): unknown =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const key = (name: string) => ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`];
  openssl('req', '-x509', ...key('ca'), '-days', '2', '-subj', '/CN=pflows test authority', '-out', 'ca.pem');
  openssl('req', ...key('server'), '-subj', '/CN=localhost', '-out', 'server.csr');
  writeFileSync(path('names'), 'subjectAltName=DNS:localhost\n');
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'server.csr', ...signed, '-out', 'server.pem');
  // A server that runs as another user must be able to read them
  chmodSync(folder, 0o755);
  chmodSync(path('server.key'), 0o644);
  return { ca: path('ca.pem'), cert: path('server.pem'), key: path('server.key') };
}
