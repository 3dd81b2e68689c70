import { catalogRows, type Queryable, marks, quoteName } from '../server/queryable';
import { note, remedyText, statement } from '../steps/remedy';
import { readTriggers, type Trigger } from '../schema/catalog/read-catalog';
import { NotProvable } from './answers';

/** A table, and its database. */
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

/** The names that a piece of SQL may use: every word that is no string, no comment and no variable. */
function wordsIn(sql: string): string[] {
  const bare = sql.replace(
    /\/\*(?![!M])[^]*?\*\/|(?:#|--\s).*$|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"/gm,
    ' ',
  );
  const words = bare.match(/`(?:[^`]|``)+`|(?<![@\w$])[\w$\u0080-\uffff]+/g) ?? [];
  return [...new Set(words.map((word) => word.replace(/^`([^]*)`$/, '$1').replaceAll('``', '`')))];
}

/**
 * Tells whether a rollback would undo everything that the INSERT of a row does. It would not where a table without
 * transactions is written: the row's own table, or one that a trigger writes to, directly or through a view, a routine or
 * the triggers of another table. A table that a trigger only reads counts as written to: one would have to execute the
 * statement to tell.
 */
export class LastingEffects {
  private readonly known = new Map<string, Promise<void>>();

  /** @param triggers of tables of that database, where they are known already */
  constructor(
    private readonly session: Queryable,
    private readonly database: string,
    private readonly triggers: ReadonlyMap<string, readonly Trigger[]> = new Map(),
  ) {}

  /** The same, but with another session to ask. */
  seenBy(session: Queryable): LastingEffects {
    return new LastingEffects(session, this.database, this.triggers);
  }

  /** @throws NotProvable where something would stay, or where this user may not see whether it would */
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

  /** The SQL of the views, routines and triggers that those words name in that database. */
  private async usedBy(by: string, database: string, words: readonly string[]): Promise<Body[]> {
    const found: Body[] = [];
    const tables = await catalogRows<{ name: string; engine: string | null; text: string | null }>(
      this.session,
      `SELECT t.TABLE_NAME AS name, IF(t.TABLE_TYPE LIKE '%VIEW', NULL, t.ENGINE) AS engine, NULLIF(v.VIEW_DEFINITION, '') AS text
         FROM information_schema.TABLES t
         LEFT JOIN information_schema.VIEWS v ON v.TABLE_SCHEMA = t.TABLE_SCHEMA AND v.TABLE_NAME = t.TABLE_NAME
        WHERE t.TABLE_SCHEMA = ? AND t.TABLE_NAME IN (${marks(words)})`,
      [database, ...words],
    );
    for (const { name, engine, text } of tables) {
      if (engine === null) found.push({ database, what: `the view ${name}, which ${by} uses,`, text });
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
    const known = database === this.database ? this.triggers.get(table) : undefined;
    const triggers = known ?? (await readTriggers(this.session, database, [table]));
    return triggers.map(({ name, when, text }) => ({
      ...{ database, text },
      what: `the trigger ${name} (${when} ON ${table})`,
    }));
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
      note('Nothing was tried. Run verify on a copy of the database, or change the engine:'),
      statement(`ALTER TABLE ${quoteName(database)}.${quoteName(name)} ENGINE=InnoDB`),
    ]),
  );
}

const unseen = (what: string): NotProvable =>
  new NotProvable(
    `this user can't see ${what} and what it writes may survive a rollback`,
    remedyText([note('Nothing was tried. Run verify as a user who may see it.')]),
  );
