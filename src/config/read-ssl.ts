import { isIP } from 'node:net';
import type { SslSettings } from './connection-settings';
import { readSecretFile, readText } from './read-file';
import type { Whereabouts } from './read-hosts';
import type { SettingReader } from './read-settings';
import { settingNames, type SettingName } from './settings-table';

const inside = settingNames.filter((name) => name.startsWith('ssl.'));

type PemName = 'ssl.ca' | 'ssl.cert' | 'ssl.key';

/** How to encrypt: null for not at all. Any setting inside of `ssl` turns TLS on, `ssl: false` beside it is a fault. */
export function readSsl(setting: SettingReader, where: Whereabouts): SslSettings | null {
  const { faults, label } = setting;
  const given = inside.filter((name) => setting.isGiven(name));
  const [ssl, ca, cert, key] = [
    setting.value('ssl'),
    pem(setting, 'ssl.ca'),
    pem(setting, 'ssl.cert'),
    pem(setting, 'ssl.key'),
  ];
  const checks = setting.value('ssl.rejectUnauthorized');
  const names = setting.value('ssl.verifyIdentity');
  const [first] = given;
  if (ssl === false && first !== undefined) {
    faults.add('invalid', label('ssl'), `is false, but ${label(first)} is given; leave one out`);
  }
  if (ssl !== true && first === undefined) return null;
  if (setting.isGiven('ssl.cert') !== setting.isGiven('ssl.key')) {
    const [there, missing] = setting.isGiven('ssl.cert') ? ['cert', 'key'] : ['key', 'cert'];
    faults.add('invalid', label('ssl'), `has ${there} without ${missing}; a client certificate needs both`);
  }
  const rejectUnauthorized = checks ?? true;
  if (!rejectUnauthorized && names === true) {
    faults.add(
      'invalid',
      label('ssl.verifyIdentity'),
      `is true, but ${label('ssl.rejectUnauthorized')} is false, and then nothing is verified; leave one out`,
    );
  }
  // A certificate of any public authority proves nothing without the host's name; one of your own authority does
  const verifyIdentity = names ?? (rejectUnauthorized && !setting.isGiven('ssl.ca'));
  if (rejectUnauthorized && verifyIdentity) checkNames(setting, where);
  return { ca: ca ?? null, cert: cert ?? null, key: key ?? null, rejectUnauthorized, verifyIdentity };
}

/** mysql2 compares the certificate with `localhost` where the host is an address. */
function checkNames(setting: SettingReader, { host, hosts, replicas }: Whereabouts): void {
  const servers = [...(host === null ? [] : [host]), ...[...hosts, ...replicas].map((server) => server.host)];
  if (!servers.some((server) => isIP(server) !== 0)) return;
  const by = setting.isGiven('ssl.verifyIdentity') ? 'ssl.verifyIdentity' : 'ssl';
  setting.faults.add(
    'invalid',
    setting.label(by),
    `wants the certificate to name the host, which an IP address cannot be compared with; give the host's name, or an authority of your own without verifyIdentity`,
  );
}

/** The PEM that a setting names a file of, or that it is. */
function pem(setting: SettingReader, name: PemName): string | undefined {
  const text = setting.given.holdsPem
    ? pemText(setting, name)
    : setting.fileOf(name, name === 'ssl.key' ? readSecretFile : readText);
  if (text !== undefined && !text.includes('-----BEGIN ')) {
    const what = setting.given.holdsPem ? 'is not PEM' : 'names a file that is not PEM';
    const hint = setting.given.holdsPem ? '; give what its file holds: readFileSync(file)' : '';
    setting.faults.add('invalid', setting.label(name), `${what}: it has no BEGIN line${hint}`);
  }
  return text;
}

function pemText(setting: SettingReader, name: SettingName): string | undefined {
  const value = setting.values[name];
  return setting.read.text(setting.label(name), Buffer.isBuffer(value) ? value.toString('utf8') : value);
}
