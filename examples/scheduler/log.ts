/** What a log line says besides its event; a fact that is null or undefined is left out. */
export type Facts = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Writes one line: the event, named by what happened, and the facts. */
export type Log = (event: string, facts?: Facts) => void;

const plain = /^[\w.:/+-]+$/;

/** `name=value`, the value quoted where it has blanks or the like. */
function fact([name, value]: [string, unknown]): string {
  const text = String(value);
  return `${name}=${plain.test(text) ? text : JSON.stringify(text)}`;
}

/** A log that writes lines such as `2026-03-01T02:00:00Z claimed flow="Nightly web" …`, in UTC. */
export function createLog(write: (line: string) => void): Log {
  return (event, facts = {}) => {
    const given = Object.entries(facts).filter(([, value]) => value !== null && value !== undefined);
    const at = new Date().toISOString().replace(/\.\d+/, '');
    write(`${[at, event, ...given.map(fact)].join(' ')}\n`);
  };
}
