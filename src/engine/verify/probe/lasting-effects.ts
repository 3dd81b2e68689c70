import { catalogRows } from '../../server/catalog-rows';
import { quoteName, type Queryable } from '../../server/queryable';
import { note, remedyText, statement } from '../../steps/remedy';
import { marks, readTriggers } from '../surroundings';
import { NotProvable } from './answers';

/** A table, a view or a routine, and where. */
interface Place {
  readonly database: string;
  readonly name: string;
}

/** The SQL of a trigger, or of what it uses. */
interface Body extends Pick<Place, 'database'> {
  /** In words, for the reason: `the trigger a (AFTER INSERT ON b)`. */
  readonly what: string;
  /** Null where this user may not see it. */
  readonly text: string | null;
}

/** Names that a piece of SQL may speak of: every word that is no string, no comment and no variable. */
function wordsIn(sql: string): string[] {
  const bare = sql.replace(
    /\/\*(?![!M])[^]*?\*\/|(?:#|--\s).*$|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"/gm,
    ' ',
  );
  const words = bare.match(/`(?:[^`]|``)+`|(?<![@\w$])[\w$\u0080-\uffff]+/g) ?? [];
  return [...new Set(words.map((word) => word.replace(/^`([^]*)`$/, '$1').replaceAll('``', '`')))];
}

/**
 * Says what would stay of a row that is inserted, changed or deleted, and taken back: where a table keeps it, be it the
 * row's own, or one that a trigger writes to, directly, by a view, by a routine, or by the triggers of that table again.
 *
 * A table that is only read is taken for one that is written to: nothing but executing the statement tells them apart.
 */
export class LastingEffects {
  private readonly known = new Map<string, Promise<void>>();

  constructor(
    private readonly session: Queryable,
    private readonly database: string,
  ) {}

  /** @throws NotProvable where something would stay; nothing where this user sees nothing of the kind */
  assertNone(name: string, engine: string): Promise<void> {
    const { database } = this;
    const answer = this.known.get(name) ?? this.look({ database, name }, engine);
    this.known.set(name, answer);
    return answer;
  }

  private async look(table: Place, engine: string): Promise<void> {
    if (engine !== 'InnoDB') throw stays(table, engine);
    const seen = new Set<string>();
    const bodies = await this.triggersOf(table);
    for (let body = bodies.shift(); body !== undefined; body = bodies.shift()) {
      if (body.text === null) throw unseen(body.what);
      const words = wordsIn(body.text);
      for (const database of [body.database, ...(await this.databasesNamed(words))]) {
        const fresh = words.filter((word) => !seen.has(`${database}.${word}`));
        for (const word of fresh) seen.add(`${database}.${word}`);
        if (fresh.length > 0) bodies.push(...(await this.usedBy(body.what, database, fresh)));
      }
    }
  }

  /** What those words stand for in that database. */
  private async usedBy(by: string, database: string, words: readonly string[]): Promise<Body[]> {
    const found: Body[] = [];
    const tables = await catalogRows<{ name: string; engine: string | null }>(
      this.session,
      `SELECT TABLE_NAME AS name, IF(TABLE_TYPE LIKE '%VIEW', NULL, ENGINE) AS engine FROM information_schema.TABLES
        WHERE TABLE_SCHEMA = ? AND TABLE_NAME IN (${marks(words)})`,
      [database, ...words],
    );
    for (const { name, engine } of tables) {
      if (engine === null) found.push(await this.view({ database, name }, by));
      else if (engine !== 'InnoDB') throw stays({ database, name }, engine, by);
      else found.push(...(await this.triggersOf({ database, name })));
    }
    const routines = await catalogRows<{ name: string; text: string | null }>(
      this.session,
      `SELECT ROUTINE_NAME AS name, ROUTINE_DEFINITION AS text FROM information_schema.ROUTINES
        WHERE ROUTINE_SCHEMA = ? AND ROUTINE_NAME IN (${marks(words)})`,
      [database, ...words],
    );
    for (const { name, text } of routines)
      found.push({ database, what: `the routine ${name}, which ${by} calls,`, text });
    return found;
  }

  private async triggersOf({ database, name: table }: Place): Promise<Body[]> {
    const triggers = await readTriggers(this.session, database, [table]);
    return triggers.map(({ name, when, text }) => ({
      ...{ database, text },
      what: `the trigger ${name} (${when} ON ${table})`,
    }));
  }

  private async view({ database, name }: Place, by: string): Promise<Body> {
    const [row] = await catalogRows<{ text: string | null }>(
      this.session,
      `SELECT NULLIF(VIEW_DEFINITION, '') AS text FROM information_schema.VIEWS
        WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?`,
      [database, name],
    );
    return { database, what: `the view ${name}, which ${by} uses,`, text: row?.text ?? null };
  }

  private async databasesNamed(words: readonly string[]): Promise<string[]> {
    const rows = await catalogRows<{ name: string }>(
      this.session,
      `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN (${marks(words)})`,
      [...words],
    );
    return rows.map(({ name }) => name);
  }
}

function stays({ database, name }: Place, engine: string, by?: string): NotProvable {
  const which = by === undefined ? `${name} has` : `${by} uses ${name}, which has`;
  return new NotProvable(
    `${which} the engine ${engine}, in which a probe row could not be rolled back`,
    remedyText([
      note('Nothing was tried. To have it tried, or run verify on a copy of the database:'),
      statement(`ALTER TABLE ${quoteName(database)}.${quoteName(name)} ENGINE=InnoDB`),
    ]),
  );
}

const unseen = (what: string): NotProvable =>
  new NotProvable(
    `${what} can't be seen, and may write what no rollback takes back`,
    remedyText([note('Nothing was tried. Run verify as a user who may see it.')]),
  );
