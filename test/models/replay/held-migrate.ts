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

/** A shop's package: a table of children, and a key from it to another owner's table. */
export const shop = (migrations: readonly Migration[] = [createChildren, addKey]): Subject => ({
  package: 'shop',
  command: 'shop',
  environment: 'SHOP',
  version: '1.0.0',
  tablePrefix: 'shop',
  migrations,
});

/** A migrate or rollback whose statements are held. Each run of a model begins a new one. */
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

  /** @param command what to run. Default: migrate */
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

  /** Closes its session, as if its process had died. After the run the session belongs to another run. */
  async die(): Promise<void> {
    if (this.held.isBusy) this.session?.discard();
    await this.held.over();
  }
}
