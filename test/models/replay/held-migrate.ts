import {
  addForeignKey,
  column,
  createTable,
  foreignKey,
  index,
  migrate,
  table,
  type Migration,
} from '../../../src/engine';
import type { Session } from '../../../src/engine/session/database';
import type { OpenDatabase } from '../../../src/engine/session/open-database';
import type { Subject } from '../../../src/engine/subject/subject';
import type { Queryable } from '../../../src/engine/server/queryable';
import { HeldSession, type Rewrite } from './held-session';

const ofParent = index('idx_parent', 'parent_id');
const createChildren: Migration = {
  name: 'CreateChildren1700000000000',
  breaking: false,
  steps: [
    createTable(
      table('children', {
        columns: [column('id', 'int'), column('parent_id', 'varchar(32)')],
        indexes: [ofParent],
      }),
    ),
  ],
};
const addKey: Migration = {
  name: 'AddKey1700000001000',
  breaking: false,
  steps: [
    addForeignKey(
      'children',
      foreignKey('fk_children_parent', 'parent_id', { table: 'parents', column: 'id' }, 'RESTRICT'),
      ofParent,
    ),
  ],
};

/** Somebody's tables: children, and the key from them to a table of others. */
export const shop = (migrations: readonly Migration[] = [createChildren, addKey]): Subject => ({
  package: 'shop',
  command: 'shop',
  environment: 'SHOP',
  version: '1.0.0',
  tablePrefix: 'shop',
  migrations,
});

/** A migrate, or a rollback, whose statements are held; begun anew for each run of a model. */
export class HeldMigrate {
  held: HeldSession;
  private session: Session | undefined;

  constructor(
    private readonly opened: OpenDatabase,
    private readonly admin: Queryable,
    private readonly rewrite?: Rewrite,
  ) {
    this.held = new HeldSession(admin, rewrite);
  }

  /** Makes the child table, without its key. */
  async prepare(): Promise<void> {
    await migrate({ ...this.opened, subject: shop([createChildren]) });
  }

  /** @param command what runs. Default: migrate */
  begin(command: (database: OpenDatabase) => Promise<unknown> = migrate): void {
    const held = new HeldSession(this.admin, this.rewrite);
    this.held = held;
    const { opened } = this;
    const database = {
      ...opened,
      openSession: () => {
        const session = opened.openSession();
        this.session = session;
        return {
          ...session,
          query: (sql: string, parameters?: unknown[]) =>
            held.around(sql, parameters ?? [], (sent) => session.query(sent, parameters)),
        };
      },
    };
    held.begin(() => command(database));
  }

  /** Ends its session, as if its process had died; of a run that is over, it is another's by now. */
  async die(): Promise<void> {
    if (this.held.isBusy) this.session?.discard();
    await this.held.over();
  }
}
