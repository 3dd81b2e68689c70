import { ownTables, type OwnTables, type Words } from '../server/names';
import type { Owner } from '../orphans/context';
import { allowingGuards, type Guards, type Probes, type SubjectCheck, type SubjectQuestion } from './parts';
import { withParents, type Schema } from '../schema/shape';
import { stepsOf, type Migration, declaredBy } from '../steps/step';

/** What the engine works on: a package that owns tables, and the migrations that make them. */
export interface Subject extends Words {
  /** The version of its package, for the history and for processes that wait for a migrate. */
  readonly version: string;
  /** How the names of the engine's own tables begin, such as `shop_schema`; at most 23 characters. */
  readonly tablePrefix: string;
  /** Every migration, oldest first. */
  readonly migrations: readonly Migration[];
  /** What verify needs to know about the tables beyond the declared schema. */
  readonly probes?: Probes | undefined;
  /** What can be installed so that programs that know nothing of it write its tables without harm. */
  readonly guards?: Guards | undefined;
  /** What verify also proves about the rows. */
  readonly checks?: readonly SubjectCheck[] | undefined;
  /** What adopt asks before it takes tables over. */
  readonly questions?: readonly SubjectQuestion[] | undefined;
}

const declared = new WeakMap<Subject, Schema>();

/** The declared schema: what all migrations' steps make of an empty database. */
export function declaredSchemaOf(subject: Subject): Schema {
  const known =
    declared.get(subject) ?? allowingGuards(declaredBy(stepsOf(subject.migrations)), subject.guards);
  declared.set(subject, known);
  return known;
}

/** The owner of the tables that the steps work on. */
export const ownerOf = (subject: Subject): Owner => ({
  tablePrefix: subject.tablePrefix,
  declared: declaredSchemaOf(subject),
  words: subject,
});

/** The names of the engine's own tables in the subject's databases. */
export const ownTablesOf = ({ tablePrefix }: Subject): OwnTables => ownTables(tablePrefix);

/** The declared tables, and the tables of others that their keys end at. */
export const tablesOf = (subject: Subject): string[] => withParents(declaredSchemaOf(subject));
