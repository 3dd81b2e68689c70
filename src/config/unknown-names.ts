import { didYouMean, findNearName, notKnown } from '../arguments';
import {
  settingNames,
  spelling,
  variablePrefix,
  wordsOf,
  type SettingName,
  type SettingSource,
} from './settings-table';

/** Names of our settings in other programs, in lower case, without signs between the words. */
const foreignWords: Readonly<Partial<Record<SettingName, string>>> = {
  host: 'hostname server servername address addr endpoint hostaddress hostip',
  port: 'portnumber',
  hosts: 'nodes servers hostlist',
  replicas: 'replica slaves slave readreplicas readreplica replicahost readhost',
  socketPath: 'sock unixsocket unixsocketpath socketfile',
  username: 'user usr uname login account userid uid',
  password: 'pass passwd pwd pw passphrase',
  passwordFile: 'passfile passwdfile passwordpath secretfile',
  database: 'name db dbname dbdatabase schema schemaname',
  poolSize: 'pool poolmax maxpool maxpoolsize poolmaxsize connectionlimit maxconnections poollimit',
  connectTimeout: 'timeout connectiontimeout timeoutms connectiontimeoutms',
  acquireTimeout: 'pooltimeout connectionacquiretimeout acquireconnectiontimeout',
  ssl: 'tls sslmode tlsmode usessl usetls enablessl enabletls sslenabled tlsenabled requiressl requiretls',
  'ssl.ca': 'ca cacert cafile sslcacert sslcafile sslrootcert sslcapath tlsca tlscacert tlscafile',
  'ssl.cert': 'cert clientcert sslclientcert tlscert',
  'ssl.key': 'clientkey sslclientkey tlskey',
  'ssl.rejectUnauthorized': 'rejectunauthorized sslverify verifyca',
  'ssl.verifyIdentity': 'verifyidentity verifyhost verifyfull',
  migrationsRun: 'migrate runmigrations automigrate migraterun',
};

const urlWords = new Set(['url', 'uri', 'dsn', 'connectionstring', 'databaseurl', 'mysqlurl']);

const bare = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

const meanings = new Map<string, SettingName>();
for (const name of settingNames) {
  const words = [
    name,
    spelling(name, 'url'),
    spelling(name, 'program'),
    ...(foreignWords[name]?.split(' ') ?? []),
  ];
  for (const word of words) if (word !== null) meanings.set(bare(word), name);
}

/** The place of each source, as the end of a sentence. */
const places: Readonly<Record<SettingSource, string>> = {
  environment: 'in the environment',
  url: 'in DATABASE_URL',
  file: 'in a file',
  program: 'in a program',
};

/** The end of a sentence on a setting that a source cannot give: where else to give it. */
function elsewhere(name: SettingName, source: SettingSource): string {
  const others = (Object.keys(places) as SettingSource[]).filter((other) => other !== source);
  const ways = others.flatMap((other) => {
    const word = spelling(name, other);
    return word === null ? [] : [`${word} ${places[other]}`];
  });
  return `give ${ways.join(', or ')}`;
}

/** The setting that an unknown name resembles. */
interface Resemblance {
  /** The setting's name in the source; null if the source cannot give it. */
  readonly word: string | null;
  /** The fault, as the end of a sentence that the unknown name begins. */
  readonly sentence: string;
}

/** Finds the setting that an unknown name resembles: it has a wrong letter or two, or other programs use it. */
export function resemblance(name: string, source: SettingSource): Resemblance | null {
  const isVariable = source === 'environment';
  const rest = (word: string): string => (isVariable ? word.slice(variablePrefix.length) : word);
  const words = wordsOf(source);
  const meant = meanings.get(bare(rest(name)));
  if (urlWords.has(bare(rest(name)))) {
    const word = source === 'program' ? 'env: { DATABASE_URL }' : 'the environment variable DATABASE_URL';
    return { word: null, sentence: didYouMean(word) };
  }
  const near =
    meant === undefined ? findNearName(rest(name), [...words.keys()].map(rest)) : spelling(meant, source);
  if (near !== null) {
    const word = meant === undefined && isVariable ? `${variablePrefix}${near}` : near;
    // A part of the URL, such as its host, has no name there
    const isPart = source === 'url' && /^[A-Z]+$/.test(word);
    const part = 'stands before the ?: mysql://USER:PASSWORD@HOST:PORT/DATABASE';
    return { word, sentence: isPart ? part : didYouMean(word) };
  }
  if (meant === undefined) return null;
  // DB_SSL means TLS, which DB_SSL_CA turns on
  const inside = [...words].find(([, setting]) => setting.startsWith(`${meant}.`))?.[0];
  return {
    word: null,
    sentence:
      inside === undefined
        ? `has no place here; ${elsewhere(meant, source)}`
        : `${didYouMean(inside)} Or ${elsewhere(meant, source)}`,
  };
}

/** The fault of an unknown name, as the end of a sentence that it begins. */
export function unknownName(name: string, source: SettingSource): string {
  return resemblance(name, source)?.sentence ?? notKnown(name, [...wordsOf(source).keys()]);
}
