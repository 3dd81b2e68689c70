class Named {
  readonly x = undefined;
}

const throwing = (): never => {
  throw new TypeError('thrown by the caller’s own object');
};

/** Values that a caller without TypeScript, or a malicious one, may pass as any argument; each with a title. */
export const hostileValues = {
  undefined,
  null: null,
  true: true,
  false: false,
  zero: 0,
  one: 1,
  'minus one': -1,
  'one and a half': 1.5,
  NaN,
  infinity: Infinity,
  '2 to the 53rd': 2 ** 53,
  'a bigint': 1n,
  'an empty text': '',
  'a blank': ' ',
  'a letter': 'x',
  'a digit': '1',
  SQL: "' OR 1=1 -- ",
  'a star': '*',
  'a control character': 'a\u0001b',
  'a NUL': 'a\0b',
  'two lines': 'a\nb\tc',
  'a zero-width blank': 'a\u200Bb',
  'half a surrogate pair': 'a\uD800b',
  '600 characters': 'x'.repeat(600),
  'an empty list': [],
  'a list of texts': ['a', 'b'],
  'a list of what is no text': [1, {}, null],
  'a list with a hole': new Array(1),
  'an empty object': {},
  'an object without a prototype': Object.create(null) as object,
  'an instance of a class': new Named(),
  'an object that writes its SQL itself': { toSqlString: () => '1=1' },
  'an object that is a text': { toString: () => 'x', valueOf: () => 1 },
  'a getter that throws': Object.defineProperty({}, 'limit', { enumerable: true, get: throwing }) as object,
  'a proxy that throws': new Proxy({}, { get: throwing, ownKeys: throwing, getPrototypeOf: throwing }),
  'a Date': new Date('2026-01-01T00:00:00Z'),
  'an invalid Date': new Date(NaN),
  'a Date of the year 200000': new Date(6e15),
  'an object made like a Date': Object.create(Date.prototype) as object,
  'a boxed text': new String('x'),
  'a boxed boolean': new Boolean(true),
  'a Map': new Map(),
  'a Map of nonsense': new Map([[1, 'over']]),
  'a buffer': Buffer.from('x'),
  'a symbol': Symbol('x'),
  'a function': () => 1,
  'a promise': Promise.resolve('x'),
  'a regular expression': /x/,
} as const satisfies Record<string, unknown>;

export type HostileTitle = keyof typeof hostileValues;

export const hostileTitles = Object.keys(hostileValues) as HostileTitle[];
