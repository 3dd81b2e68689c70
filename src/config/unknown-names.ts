import { didYouMean, findNearName, notKnown } from '../arguments';
import {
  settingNames,
  spelling,
  variablePrefix,
  wordsOf,
  type SettingName,
  type SettingSource,
} from './settings-table';

/** What other programs call our settings, in small letters without signs between them. */
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

/** Where a source says its settings, as the end of a sentence. */
const places: Readonly<Record<SettingSource, string>> = {
  environment: 'in the environment',
  url: 'in DATABASE_URL',
  file: 'in a file',
  program: 'in a program',
};

/** A setting that a source has no word for: where else it can be said. */
function elsewhere(name: SettingName, source: SettingSource): string {
  const others = (Object.keys(places) as SettingSource[]).filter((other) => other !== source);
  const ways = others.flatMap((other) => {
    const word = spelling(name, other);
    return word === null ? [] : [`${word} ${places[other]}`];
  });
  return `give ${ways.join(', or ')}`;
}

/** A name that a source does not know, and that resembles a setting. */
interface Resemblance {
  /** What the source calls that setting; null where it has no word for it. */
  readonly word: string | null;
  /** The end of a sentence that the name begins. */
  readonly sentence: string;
}

/** What a name unknown to the source resembles: a letter or two are wrong, or other programs call it so. */
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
    // The parts of the URL have no names in it
    const isPart = source === 'url' && /^[A-Z]+$/.test(word);
    const part = 'stands before the ?: mysql://USER:PASSWORD@HOST:PORT/DATABASE';
    return { word, sentence: isPart ? part : didYouMean(word) };
  }
  if (meant === undefined) return null;
  // Who writes DB_SSL wants TLS, and there is a word for that
  const inside = [...words].find(([, setting]) => setting.startsWith(`${meant}.`))?.[0];
  return {
    word: null,
    sentence:
      inside === undefined
        ? `has no place here; ${elsewhere(meant, source)}`
        : `${didYouMean(inside)} Or ${elsewhere(meant, source)}`,
  };
}

/** The end of a sentence that a name unknown to the source begins. */
export function unknownName(name: string, source: SettingSource): string {
  return resemblance(name, source)?.sentence ?? notKnown(name, [...wordsOf(source).keys()]);
}
