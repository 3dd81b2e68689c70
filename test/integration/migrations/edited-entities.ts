import { getMetadataArgsStorage, type ColumnOptions } from 'typeorm';
import type { Entities } from '../../../scripts/migrations/databases';
import { entities } from '../../../src/entities';

/** The class of an entity. */
export type EntityClass = abstract new () => object;

type Args = ReturnType<typeof getMetadataArgsStorage>;

/** What an edit of the entities' files can do, done to what their decorators have told TypeORM. */
export interface Editor {
  readonly args: Args;
  /** Changes the options of a column. */
  column(entity: EntityClass, property: string, options: Partial<ColumnOptions>): void;
  /** Takes a column out. */
  removeColumn(entity: EntityClass, property: string): void;
  /** Changes the columns of an index; null takes it out. */
  index(name: string, columns: readonly string[] | null): void;
  /** Takes out a relation with its key. */
  removeRelation(entity: EntityClass, property: string): void;
  /** Changes the rule of a key. */
  onDelete(entity: EntityClass, property: string, rule: 'CASCADE' | 'SET NULL'): void;
}

function editor(args: Args): Editor {
  const one = <T extends { target: unknown; propertyName: string }>(
    list: readonly T[],
    entity: EntityClass,
    property: string,
  ): number => {
    const position = list.findIndex((item) => item.target === entity && item.propertyName === property);
    if (position < 0) throw new Error(`no such property: ${property}`);
    return position;
  };
  return {
    args,
    column(entity, property, options) {
      const position = one(args.columns, entity, property);
      const found = args.columns[position]!;
      args.columns[position] = { ...found, options: { ...found.options, ...options } };
    },
    removeColumn(entity, property) {
      args.columns.splice(one(args.columns, entity, property), 1);
    },
    index(name, columns) {
      const position = args.indices.findIndex((item) => item.name === name);
      if (position < 0) throw new Error(`no such index: ${name}`);
      if (columns === null) args.indices.splice(position, 1);
      else args.indices[position] = { ...args.indices[position]!, columns: [...columns] };
    },
    removeRelation(entity, property) {
      args.relations.splice(one(args.relations, entity, property), 1);
      args.joinColumns.splice(one(args.joinColumns, entity, property), 1);
    },
    onDelete(entity, property, rule) {
      const position = one(args.relations, entity, property);
      const found = args.relations[position]!;
      args.relations[position] = { ...found, options: { ...found.options, onDelete: rule } };
    },
  };
}

/**
 * Runs `work` as if the entities' files had been edited, and puts everything back.
 *
 * @param edit decorators may be applied in it, as `Column(…)(ProtectionFlow.prototype, 'owner')`; it returns entities
 * that are new, if there are any
 */
export async function withEdited<T>(
  edit: (editor: Editor) => readonly EntityClass[] | void,
  work: (entities: Entities) => Promise<T>,
): Promise<T> {
  const args = getMetadataArgsStorage();
  const lists = args as unknown as Record<string, unknown[]>;
  const saved = Object.entries(lists).filter(([, list]) => Array.isArray(list));
  for (const [name, list] of saved) lists[name] = [...list];
  try {
    return await work([...entities, ...(edit(editor(args)) ?? [])]);
  } finally {
    for (const [name, list] of saved) lists[name] = list;
  }
}
